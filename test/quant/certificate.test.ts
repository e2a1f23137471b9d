import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChannelConstants,
  constantsOfScale,
  constantsOnGrid,
  type RequantizeWidths,
} from '../../src/quant/certificate.js';
import { checkCertificate } from '../../src/quant/check-certificate.js';
import { compareEnds, endsPerRow } from '../../src/quant/check-runs.js';
import { requantize } from '../../src/quant/golden.js';
import { evaluate, type QuantizerConstants, realQuantizer } from '../../src/quant/quantizer.js';
import { dyadic, multiply } from '../../src/quant/rational.js';
import type { Reach } from '../../src/quant/steps.js';
import { constantsArbitrary, modelQuantizerArbitrary, quantizerArbitrary, rangeArbitrary } from './quantizers.js';

const WIDE: RequantizeWidths = { mBits: 34, bBits: 64, nBits: 6 };

const reachArbitrary: fc.Arbitrary<Reach> = fc.record({
  range: rangeArbitrary,
  residualCodes: fc.integer({ min: 1, max: 8 }),
});

const widthsArbitrary: fc.Arbitrary<RequantizeWidths> = fc.record({
  mBits: fc.integer({ min: 8, max: 34 }),
  bBits: fc.integer({ min: 16, max: 64 }),
  nBits: fc.integer({ min: 1, max: 6 }),
});

/** Both quantizers on everything: how many pairs differ, and by how much at most. */
function bruteForce(c: ChannelConstants, { range, residualCodes }: Reach) {
  const { round } = c;
  const { lo, hi } = c.quantizer;
  const residual = { tensor: 'r', m: [c.r] };
  const q = { m: [c.m], b: [c.b], n: [c.n], round, lo, hi, residual } as const;
  let [differing, maxCodes] = [0, 0];
  for (let res = 0; res < residualCodes; res++) {
    for (let acc = range.min; acc <= range.max; acc++) {
      const difference = Math.abs(evaluate(c.quantizer, acc, res) - requantize(acc, res, q, 0));
      if (difference === 0) continue;
      differing += 1;
      maxCodes = Math.max(maxCodes, difference);
    }
  }
  return { differing, maxCodes };
}

function claim({ exactness }: ChannelConstants) {
  return exactness.kind === 'exact' ? { differing: 0, maxCodes: 0 } : exactness;
}

function expectWidths(c: ChannelConstants, widths: RequantizeWidths): void {
  for (const m of [c.m, c.r]) expect(BigInt.asIntN(widths.mBits, BigInt(m))).toBe(BigInt(m));
  expect(BigInt.asIntN(widths.bBits, c.b)).toBe(c.b);
  expect(c.n).toBeLessThan(2 ** widths.nBits);
}

/** A scale that may be moved, as the quantizer asks for it: in output codes a unit. */
function onGrid(constants: QuantizerConstants, reach: Reach, widths: RequantizeWidths) {
  const out = dyadic(constants.outputScale);
  const wished = Number(constants.step.num) * 2 ** constants.step.exp;
  const codesPerUnit = (wished || 1) / constants.outputScale;
  const c = constantsOnGrid(
    (step) => realQuantizer({ ...constants, step: multiply(step, out), divisor: 1 }),
    codesPerUnit,
    reach,
    widths,
  );
  return { c, codesPerUnit };
}

describe('constantsOfScale', () => {
  it('claims exactly what both quantizers do, within the widths', () => {
    const kinds = { exact: 0, approximate: 0 };
    fc.assert(
      fc.property(quantizerArbitrary, reachArbitrary, widthsArbitrary, (f, reach, widths) => {
        const c = constantsOfScale(f, reach, widths);
        kinds[c.exactness.kind] += 1;
        expect(claim(c)).toMatchObject(bruteForce(c, reach));
        expect(c.quantizer).toBe(f);
        expectWidths(c, widths);
      }),
      { numRuns: 2000, seed: 2 },
    );
    expect(Math.min(kinds.exact, kinds.approximate)).toBeGreaterThan(100);
  });

  it('claims exactly what both do for what models bring, rounding down or to the nearest even', () => {
    const kinds = { exact: 0, approximate: 0 };
    const round = fc.constantFrom('floor' as const, 'nearest-even' as const);
    fc.assert(
      fc.property(modelQuantizerArbitrary, reachArbitrary, round, (f, reach, rounding) => {
        const c = constantsOfScale(f, reach, WIDE, rounding);
        kinds[c.exactness.kind] += 1;
        expect(claim(c)).toMatchObject(bruteForce(c, reach));
        expect(() => checkCertificate(c, reach, 'layer')).not.toThrow();
      }),
      { numRuns: 2000, seed: 9 },
    );
    expect(Math.min(kinds.exact, kinds.approximate)).toBeGreaterThan(100);
  });

  it('needs no shift where the code changes once: one threshold, whatever its sign', () => {
    fc.assert(
      fc.property(modelQuantizerArbitrary, rangeArbitrary, (wide, range) => {
        const f = { ...wide, lo: 0, least: 0, hi: 1, most: 1, step: 1 };
        const c = constantsOfScale(f, { range, residualCodes: 1 }, WIDE);
        expect(c).toMatchObject({ n: 0, exactness: { kind: 'exact' } });
        expect(Math.abs(c.m)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500, seed: 10 },
    );
  });

  it('is exact wherever the widths are those of a machine and no two ties disagree', () => {
    fc.assert(
      fc.property(quantizerArbitrary, rangeArbitrary, fc.float({ min: 1, max: 2, noNaN: true }), (f, range, odd) => {
        const reach = { range, residualCodes: 1 };
        // A denominator that no sum of small fractions meets.
        const untied = { ...f, d: f.d * 2n ** 24n + BigInt(Math.round(odd * 2 ** 20)) * 2n + 1n };
        for (const key of ['p', 'q', 'r'] as const) untied[key] *= 2n ** 24n;
        expect(constantsOfScale(untied, reach, WIDE).exactness).toEqual({ kind: 'exact' });
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  it('takes the smallest shift that is exact: halving 0..255 needs one bit', () => {
    const f = realQuantizer({
      step: dyadic(0.5),
      divisor: 1,
      accZero: 0,
      bias: 0.25,
      residual: null,
      outputScale: 1,
      outputZero: 0,
      lo: 0,
      hi: 127,
    });
    // round(acc/2 + 1/4): 0 1 1 2 2 3; floor((acc + 1) / 2)
    const c = constantsOfScale(f, { range: { min: 0, max: 255 }, residualCodes: 1 }, WIDE);
    expect(c).toMatchObject({ m: 1, b: 1n, n: 1, exactness: { kind: 'exact' } });
  });
});

describe('constantsOnGrid', () => {
  it('claims exactly what both quantizers do, within the widths', () => {
    fc.assert(
      fc.property(constantsArbitrary, reachArbitrary, widthsArbitrary, (constants, reach, widths) => {
        const { c } = onGrid(constants, reach, widths);
        expect(claim(c)).toMatchObject(bruteForce(c, reach));
        expectWidths(c, widths);
      }),
      { numRuns: 2000, seed: 4 },
    );
  });

  it('moves a scale by less than 2^-14 of itself, and multiplies by it exactly', () => {
    fc.assert(
      fc.property(constantsArbitrary, reachArbitrary, (constants, reach) => {
        const { c, codesPerUnit } = onGrid(constants, reach, WIDE);
        if (c.exactness.kind !== 'exact') return;
        const { p, d } = c.quantizer;
        expect(Math.abs(Number(p) / Number(d) / codesPerUnit - 1)).toBeLessThan(2 ** -14);
        expect(p << BigInt(c.n)).toBe(BigInt(c.m) * d);
      }),
      { numRuns: 500, seed: 5 },
    );
  });

  it('is exact nearly always on a machine of the usual widths, residuals included', () => {
    let exact = 0;
    fc.assert(
      fc.property(constantsArbitrary, reachArbitrary, (constants, reach) => {
        if (onGrid(constants, reach, WIDE).c.exactness.kind === 'exact') exact += 1;
      }),
      { numRuns: 500, seed: 6 },
    );
    expect(exact).toBeGreaterThan(490);
  });
});

describe('checkCertificate', () => {
  it('accepts what is true and refuses everything else', () => {
    let refused = 0;
    const off = fc.integer({ min: -3, max: 3 });
    fc.assert(
      fc.property(quantizerArbitrary, reachArbitrary, widthsArbitrary, off, off, (f, reach, widths, dm, db) => {
        const made = constantsOfScale(f, reach, widths);
        const c = { ...made, m: Math.max(0, made.m + dm), b: made.b + BigInt(db) };
        const truth = bruteForce(c, reach);
        const check = () => checkCertificate(c, reach, 'layer');
        const holds = truth.differing === claim(c).differing && truth.maxCodes === claim(c).maxCodes;
        if (holds) {
          const values = (reach.range.max - reach.range.min + 1) * reach.residualCodes;
          expect(check()).toEqual({ values, whole: true });
          return;
        }
        refused += 1;
        expect(check).toThrow(expect.objectContaining({ code: 'certificate-wrong' }));
      }),
      { numRuns: 2000, seed: 7 },
    );
    expect(refused).toBeGreaterThan(200);
  });

  const wide = realQuantizer({
    step: dyadic(0.001),
    divisor: 1,
    accZero: 3,
    bias: 0.3,
    residual: { scale: 0.37, zero: 100 },
    outputScale: 0.73,
    outputZero: 7,
    lo: 0,
    hi: 255,
  });

  it('runs 2^20 accumulators of a channel in full, at the least, the zero and the largest residual code', () => {
    const reach = { range: { min: 1 - 2 ** 19, max: 2 ** 19 }, residualCodes: 256 };
    const c = constantsOfScale(wide, reach, WIDE);
    expect(checkCertificate(c, reach, 'layer')).toEqual({ values: 3 * 2 ** 20, whole: false });
  });

  it('runs evenly spaced accumulators of a wider channel, and both ends of every run of one code', () => {
    const reach = { range: { min: 0, max: 2 ** 20 }, residualCodes: 1 };
    const check = checkCertificate(constantsOfScale(wide, reach, WIDE), reach, 'layer');
    expect(check.whole).toBe(true);
    expect(check.values).toBeGreaterThan(2 ** 15);
  });

  it('tries some pairs beside the ends of all runs where a residual makes them many', () => {
    const f = { ...wide, r: 0n };
    const reach = { range: { min: 0, max: 2 ** 19 }, residualCodes: 256 };
    const c = constantsOfScale(f, reach, WIDE);
    expect(c.exactness.kind).toBe('exact');
    const { values, whole } = checkCertificate(c, reach, 'layer');
    expect(whole).toBe(true);
    expect(values).toBeGreaterThan(endsPerRow(c) * 256);
    expect(values).toBeLessThan(2 ** 19);
  });

  it('finds one wrong accumulator of one residual code among 2^27 pairs', () => {
    // 1 from acc + res - 500000.25 >= 1/2 on.
    const sum = {
      step: dyadic(1),
      divisor: 1,
      accZero: 0,
      bias: -500_000.25,
      outputScale: 1,
      outputZero: 0,
      lo: 0,
      hi: 1,
    };
    const f = realQuantizer({ ...sum, residual: { scale: 1, zero: 0 } });
    const reach = { range: { min: 0, max: 2 ** 19 }, residualCodes: 256 };
    const at = (r: number, b: bigint): ChannelConstants => ({
      ...{ m: 256, b, n: 8, r, quantizer: f, round: 'floor' as const, exactness: { kind: 'exact' } },
    });
    const first = 256n * -500_000n;
    expect(checkCertificate(at(256, first), reach, 'layer').whole).toBe(true);
    // One 256th more at the start and for each residual code: early at the last code alone.
    expect(() => checkCertificate(at(257, first + 1n), reach, 'layer')).toThrow(
      expect.objectContaining({ code: 'certificate-wrong' }),
    );
  });

  it('says where pairs are too many for even the ends of all runs', () => {
    const reach = { range: { min: 0, max: 2 ** 20 }, residualCodes: 2 ** 12 };
    const scales = { step: dyadic(1 / 4), residual: { scale: 1 / 8, zero: 0 }, outputScale: 1 / 2 };
    const f = realQuantizer({ divisor: 1, accZero: 0, bias: 1 / 16, outputZero: 7, lo: 0, hi: 255, ...scales });
    const c = constantsOfScale(f, reach, WIDE);
    expect(c.exactness.kind).toBe('exact');
    expect(checkCertificate(c, reach, 'layer').whole).toBe(false);
    expect(checkCertificate(c, { ...reach, residualCodes: 2 ** 11 }, 'layer').whole).toBe(true);
  });

  it('finds at the ends of runs whatever there is to find, whichever way both functions go', () => {
    let wrong = 0;
    const off = fc.integer({ min: -1, max: 1 });
    const round = fc.constantFrom('floor' as const, 'nearest-even' as const);
    fc.assert(
      fc.property(modelQuantizerArbitrary, reachArbitrary, round, off, off, (f, reach, rounding, dm, db) => {
        const made = constantsOfScale(f, reach, WIDE, rounding);
        const c = { ...made, m: made.m + dm, b: made.b + BigInt(db) };
        const tally = { differing: 0, maxCodes: 0 };
        for (let res = 0; res < reach.residualCodes; res++) compareEnds(c, reach, res, tally);
        const truth = bruteForce(c, reach);
        expect(tally.differing > 0).toBe(truth.differing > 0);
        expect(tally.differing).toBeLessThanOrEqual(Math.max(truth.differing, endsPerRow(c) * reach.residualCodes));
        if (truth.differing > 0) wrong += 1;
      }),
      { numRuns: 2000, seed: 11 },
    );
    expect(wrong).toBeGreaterThan(200);
    expect(wrong).toBeLessThan(1950);
  });

  it('sees one wrong accumulator among 2^20', () => {
    // 1 from acc - 500000.25 >= 1/2 on: acc >= 500001.
    const f = realQuantizer({
      step: dyadic(1),
      divisor: 1,
      accZero: 0,
      bias: -500_000.25,
      residual: null,
      outputScale: 1,
      outputZero: 0,
      lo: 0,
      hi: 1,
    });
    const reach = { range: { min: 0, max: 2 ** 20 - 1 }, residualCodes: 1 };
    const at = (b: bigint): ChannelConstants => ({
      m: 1,
      b,
      n: 0,
      r: 0,
      quantizer: f,
      round: 'floor' as const,
      exactness: { kind: 'exact' },
    });
    expect(checkCertificate(at(-500_000n), reach, 'layer').whole).toBe(true);
    for (const b of [-500_001n, -499_999n]) {
      expect(() => checkCertificate(at(b), reach, 'layer')).toThrow(
        expect.objectContaining({ code: 'certificate-wrong', actual: '1 differences of up to 1 codes on all values' }),
      );
    }
  });
});
