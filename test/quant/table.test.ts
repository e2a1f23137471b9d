import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requantize } from '../../src/quant/golden.js';
import type { CodeTensor } from '../../src/quant/network.js';
import { codeOf } from '../../src/quant/quantizer.js';
import { dyadic } from '../../src/quant/rational.js';
import { type MadeRequantizer, realReach, requantizeSums, type SumChannel } from '../../src/quant/requantize-sums.js';
import { sumGrid } from '../../src/quant/sum-grid.js';

const WIDTHS = { mBits: 34, bBits: 64, nBits: 6 };
const OPEN = { min: null, max: null };

function output(changes: Partial<CodeTensor>): CodeTensor {
  return { name: 'out', height: 1, width: 1, channels: 1, bits: 5, scale: 0.1, zero: 8, ...changes };
}

function channel(changes: Partial<SumChannel> = {}): SumChannel {
  return {
    ...{ step: dyadic(Math.fround(0.013)), divisor: 1, ownStep: true, accZero: 10, bias: 0.07, residual: null },
    reach: { range: { min: -200, max: 230 }, residualCodes: 1 },
    ...changes,
  };
}

/** Every pair of accumulator and residual code: the golden model's code, and that of the function of the real sum. */
function bothCodes(sum: SumChannel, made: MadeRequantizer, reference: (real: number) => number): [number, number][] {
  const { range, residualCodes } = sum.reach;
  const q = { ...made.requantize, residual: { tensor: 'res', m: made.residual } };
  const step = Number(sum.step.num) * 2 ** sum.step.exp;
  const pairs: [number, number][] = [];
  for (let res = 0; res < residualCodes; res++) {
    for (let acc = range.min; acc <= range.max; acc++) {
      const residual = sum.residual === null ? 0 : sum.residual.scale * (res - sum.residual.zero);
      const real = (step * (acc - sum.accZero)) / sum.divisor + sum.bias + residual;
      pairs.push([requantize(acc, res, q, 0), reference(real)]);
    }
  }
  return pairs;
}

const FUNCTIONS = {
  tanh: { of: (x: number) => Math.fround(Math.tanh(x)), turns: [] },
  hill: { of: (x: number) => Math.fround(1 / (1 + x * x)), turns: [0] },
  valley: { of: (x: number) => Math.abs(x), turns: [0] },
  steps: { of: (x: number) => Math.floor(2 * x) / 2, turns: [] },
} as const;

const sumArbitrary = fc.record({
  name: fc.constantFrom(...(Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[])),
  step: fc.float({ min: Math.fround(0.001), max: Math.fround(0.05), noNaN: true }),
  bias: fc.integer({ min: -64, max: 64 }).map((n) => n / 64),
  accZero: fc.integer({ min: -50, max: 50 }),
  residual: fc.option(
    fc.record({ scale: fc.constantFrom(0.25, -0.125, Math.fround(0.3)), zero: fc.integer({ min: 0, max: 5 }) }),
  ),
  outputBits: fc.integer({ min: 1, max: 8 }),
  tableBits: fc.integer({ min: 3, max: 9 }),
});

describe('a table behind a sum', () => {
  it('differs from the function of the sum where its ledger says so, and by no more', () => {
    const kinds = { exact: 0, 'exact-in-range': 0, approximate: 0 };
    fc.assert(
      fc.property(sumArbitrary, ({ name, step, bias, accZero, residual, outputBits, tableBits }) => {
        const out = output({ bits: outputBits, scale: Math.fround(2 / 2 ** outputBits), zero: 2 ** (outputBits - 1) });
        const applied = { kind: 'table', argument: 'a', ...FUNCTIONS[name] } as const;
        const statisticsOf = () => ({ min: -1.5, max: 2 });
        const residualCodes = residual === null ? 1 : 6;
        const reach = { range: { min: -120, max: 90 }, residualCodes };
        // The step stays as it is, so that the reference needs no knowledge of where it moved.
        const sum = channel({ step: dyadic(step), bias, accZero, residual, reach, ownStep: false });
        const sums = { input: null, reach: realReach([sum]) };
        const grid = sumGrid({ clamp: OPEN, function: applied }, out, sums, { bits: tableBits, statisticsOf });
        const made = requantizeSums([sum], grid, WIDTHS, 'layer');
        const reference = (real: number) => codeOf(applied.of(Math.fround(real)), out, 2 ** outputBits - 1);
        const wrong = bothCodes(sum, made, reference).map(([a, b]) => Math.abs(a - b));
        const most = Math.max(...wrong);
        const differing = wrong.filter((d) => d > 0).length;
        kinds[made.exactness.kind] += 1;
        if (made.exactness.kind !== 'approximate') {
          expect(differing).toBe(0);
          return;
        }
        expect(most).toBeLessThanOrEqual(made.exactness.maxCodes);
        // Positions that lie on a boundary to within a double may be counted on either side.
        expect(Math.abs(made.exactness.differing - differing)).toBeLessThanOrEqual(2 * residualCodes);
      }),
      { numRuns: 500, seed: 3 },
    );
    expect(Math.min(kinds.exact, kinds.approximate)).toBeGreaterThan(20);
  });

  it.each([-0.75, 0, 3])('has one entry where all sums from %d on have one code', (bias) => {
    const applied = { kind: 'table', argument: 'a', of: (x: number) => 1 + x / 1000, turns: [] } as const;
    const sum = channel({
      step: dyadic(1 / 1024),
      accZero: 0,
      bias,
      reach: { range: { min: 0, max: 50 }, residualCodes: 1 },
    });
    const sums = { input: null, reach: realReach([sum]) };
    const grid = sumGrid({ clamp: OPEN, function: applied }, output({}), sums, {
      bits: 10,
      statisticsOf: () => ({ min: 5, max: 5 }),
    });
    const made = requantizeSums([sum], grid, WIDTHS, 'layer');
    expect(made.requantize.table).toEqual(Uint16Array.of(18));
    expect(made.exactness).toEqual({ kind: 'exact' });
  });

  it('is exact on codes that are looked up themselves', () => {
    const input = { ...output({ bits: 4, scale: 0.3, zero: 7 }), name: 'in' };
    const applied = { kind: 'table', argument: 'in', ...FUNCTIONS.tanh } as const;
    const statisticsOf = () => ({ min: 0, max: 0 });
    const sums = { input, reach: { min: -2.1, max: 2.4 } };
    const grid = sumGrid({ clamp: OPEN, function: applied }, output({}), sums, { bits: 4, statisticsOf });
    const reach = { range: { min: 0, max: 15 }, residualCodes: 1 };
    const sum = channel({ step: dyadic(0.3), accZero: 7, bias: 0, reach, ownStep: false });
    const made = requantizeSums([sum], grid, WIDTHS, 'layer');
    expect(made.exactness).toEqual({ kind: 'exact' });
    for (let code = 0; code < 16; code++) {
      const expected = codeOf(Math.fround(Math.tanh(Math.fround(0.3 * (code - 7)))), output({}), 31);
      expect(requantize(code, 0, { ...made.requantize, residual: null }, 0)).toBe(expected);
    }
  });
});

describe('realReach', () => {
  it('holds the ends of every channel, of a flattened map with very many of them too', () => {
    const sums = new Array<SumChannel>(2 ** 17).fill(channel({ step: dyadic(0.5), bias: 1 }));
    expect(realReach(sums)).toEqual({ min: -104, max: 111 });
    const residual = { scale: 0.5, zero: 2 };
    const reach = { range: { min: 0, max: 4 }, residualCodes: 16 };
    expect(realReach([...sums, channel({ step: dyadic(64), accZero: 0, bias: 0, residual, reach })])).toEqual({
      min: -104,
      max: 262.5,
    });
  });
});

describe('requantizeSums', () => {
  it('takes a flattened map of very many channels', () => {
    const sums = new Array<SumChannel>(2 ** 17).fill(channel());
    const applied = { kind: 'table', argument: 'a', ...FUNCTIONS.tanh } as const;
    const from = { input: null, reach: realReach(sums) };
    const tables = { bits: 4, statisticsOf: () => ({ min: -1, max: 1 }) };
    const made = requantizeSums(
      sums,
      sumGrid({ clamp: OPEN, function: applied }, output({}), from, tables),
      WIDTHS,
      'x',
    );
    expect(made.requantize.m).toHaveLength(2 ** 17);
    expect(made.exactness).toMatchObject({ kind: 'approximate', maxCodes: 1 });
  });
});

describe('signs', () => {
  it('are those of the exact sums, zeros included, whatever grid they are codes of', () => {
    let zeros = 0;
    const arbitrary = fc.record({
      eighths: fc.integer({ min: -9, max: 9 }),
      accZero: fc.integer({ min: -20, max: 20 }),
      bias: fc.integer({ min: -40, max: 40 }),
      zero: fc.integer({ min: 1, max: 6 }),
      residual: fc.option(fc.constant({ scale: 0.25, zero: 2 })),
    });
    fc.assert(
      fc.property(arbitrary, ({ eighths, accZero, bias, zero, residual }) => {
        const out = output({ bits: 3, scale: 0.5, zero });
        const unused = { bits: 8, statisticsOf: () => expect.fail() };
        const grid = sumGrid(
          { clamp: OPEN, function: { kind: 'sign' } },
          out,
          { input: null, reach: { min: -9, max: 9 } },
          unused,
        );
        const residualCodes = residual === null ? 1 : 4;
        const reach = { range: { min: -60, max: 60 }, residualCodes };
        const step = dyadic(eighths / 8);
        const sum = channel({ step, accZero, bias: bias / 8, residual, reach, ownStep: false });
        const made = requantizeSums([sum], grid, WIDTHS, 'layer');
        const reference = (real: number): number => {
          if (real === 0) zeros += 1;
          return codeOf(Math.sign(real), out, 7);
        };
        for (const [actual, expected] of bothCodes(sum, made, reference)) {
          if (made.exactness.kind === 'exact') expect(actual).toBe(expected);
        }
        if (residual === null) expect(made.exactness).toEqual({ kind: 'exact' });
      }),
      { numRuns: 500, seed: 4 },
    );
    expect(zeros).toBeGreaterThan(100);
  });
});
