import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rounded } from '../../src/frontend/quantizer.js';
import {
  codeOf,
  evaluate,
  mirrored,
  type QuantizerConstants,
  realQuantizer,
  slopeOf,
} from '../../src/quant/quantizer.js';
import { dyadic } from '../../src/quant/rational.js';
import { roundHalves, thresholdOf } from '../../src/quant/rounding.js';
import { type AccRange, stepRows } from '../../src/quant/steps.js';
import { modelQuantizerArbitrary, quantizerArbitrary, rangeArbitrary, roundingArbitrary } from './quantizers.js';

function quantizer(changes: Partial<QuantizerConstants> = {}) {
  return realQuantizer({
    step: dyadic(1),
    divisor: 1,
    accZero: 0,
    bias: 0,
    residual: null,
    outputScale: 1,
    outputZero: 0,
    lo: 0,
    hi: 255,
    ...changes,
  });
}

const allSteps = (f: ReturnType<typeof quantizer>, range: AccRange, residualCodes: number): number[] =>
  Array.from({ length: residualCodes }, (_, res) => Array.from(stepRows(f, range)(res))).flat();

const codes = (f: ReturnType<typeof quantizer>, accs: readonly number[], res = 0) =>
  accs.map((acc) => evaluate(f, acc, res));

describe('the real-valued quantizer', () => {
  it('rounds halves to even, counted from zero', () => {
    // 0.5 1.5 2.5 3.5 -> 0 2 2 4; with zero 1 the same plus 1.
    expect(codes(quantizer({ step: dyadic(0.5) }), [1, 3, 5, 7])).toEqual([0, 2, 2, 4]);
    expect(codes(quantizer({ step: dyadic(0.5), outputZero: 1 }), [1, 3, 5, 7])).toEqual([1, 3, 3, 5]);
  });

  it('rounds negative values before zero is added: -0.5 -1.5 -2.5 -> 0 -2 -2', () => {
    expect(codes(quantizer({ step: dyadic(0.5), outputZero: 10 }), [-1, -3, -5])).toEqual([10, 8, 8]);
  });

  it('takes the zero of the input, the bias and the scale of the output into account', () => {
    // (0.5*(10 - 4) + 1.25) / 0.25 = 17
    expect(codes(quantizer({ step: dyadic(0.5), accZero: 4, bias: 1.25, outputScale: 0.25 }), [10])).toEqual([17]);
  });

  it('adds the residual in its own scale and zero', () => {
    // (1*3 + 2*(7 - 5)) / 0.5 + 3 = 17
    const f = quantizer({ residual: { scale: 2, zero: 5 }, outputScale: 0.5, outputZero: 3 });
    expect(codes(f, [3], 7)).toEqual([17]);
  });

  it('divides an average exactly: sums of 9 taps are halves only at 4.5 and 13.5, which no integer is', () => {
    const f = quantizer({ divisor: 9 });
    expect(codes(f, [4, 5, 13, 14, 22, 23])).toEqual([0, 1, 1, 2, 2, 3]);
    // Of 2 taps 1/2 and 3/2 are ties.
    expect(codes(quantizer({ divisor: 2 }), [1, 3])).toEqual([0, 2]);
  });

  it('clamps to its limits', () => {
    expect(codes(quantizer({ lo: 3, hi: 9 }), [-1000, 3, 4, 9, 10, 1e9])).toEqual([3, 3, 4, 9, 9, 9]);
  });

  it('quantizes single values as codeOf', () => {
    const tensor = { scale: 0.5, zero: 4 };
    // -1.25/0.5 = -2.5 -> -2; 0.75/0.5 = 1.5 -> 2
    expect([-1.25, 0, 0.75, 1e30, -1e30].map((x) => codeOf(x, tensor, 15))).toEqual([2, 4, 6, 15, 0]);
  });
});

describe('rounding', () => {
  it('begins each code where the modes say, and agrees with the frontend on single values', () => {
    fc.assert(
      fc.property(roundingArbitrary, fc.integer({ min: -400, max: 400 }), (round, eighths) => {
        const x = eighths / 8;
        const halves = Math.floor(2 * x);
        const code = Number(roundHalves(round, BigInt(halves), halves === 2 * x));
        expect(code + 0).toBe(rounded(round, x) + 0);
        for (let k = code - 2; k <= code + 2; k++) {
          const { halves: from, closed } = thresholdOf(round, k);
          expect(2 * x > from || (closed && 2 * x === from)).toBe(code >= k);
        }
      }),
      { numRuns: 3000, seed: 4 },
    );
  });
});

describe('stepRows', () => {
  it('finds the steps of what models bring: compared by squaring, evaluated by integer square roots', () => {
    fc.assert(
      fc.property(
        modelQuantizerArbitrary,
        rangeArbitrary,
        fc.integer({ min: 1, max: 4 }),
        (f, range, residualCodes) => {
          const rising = slopeOf(f).alpha < 0 ? mirrored(f) : f;
          for (let res = 0; res < residualCodes; res++) {
            const expected = Array.from({ length: f.hi - f.lo }, (_, i) => {
              const k = f.lo + 1 + i;
              let acc = range.min;
              while (acc <= range.max && evaluate(rising, acc, res) < k) acc++;
              return acc;
            });
            expect(Array.from(stepRows(rising, range)(res), (step) => step + 0)).toEqual(expected);
          }
        },
      ),
      { numRuns: 3000, seed: 5 },
    );
  });

  it('finds for every code the first accumulator that reaches it', () => {
    fc.assert(
      fc.property(quantizerArbitrary, rangeArbitrary, fc.integer({ min: 1, max: 5 }), (f, range, residualCodes) => {
        const steps = allSteps(f, range, residualCodes);
        const expected: number[] = [];
        for (let res = 0; res < residualCodes; res++) {
          for (let k = f.lo + 1; k <= f.hi; k++) {
            let acc = range.min;
            while (acc <= range.max && evaluate(f, acc, res) < k) acc++;
            expected.push(acc);
          }
        }
        // No difference between 0 and -0.
        expect(steps.map((step) => step + 0)).toEqual(expected);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('finds them where a double would not: beside a bias of 2^59 units of the accumulator', () => {
    const tiny = { step: dyadic(2 ** -70), outputScale: 2 ** -10 };
    // t = acc*2^-60 + 1/2: the tie at 0 goes to 0, so the step to 1 is just behind it.
    const atZero = quantizer({ ...tiny, bias: 2 ** -11, hi: 1 });
    expect(allSteps(atZero, { min: -9, max: 9 }, 1)).toEqual([1]);
    // One unit less of bias: the tie is at 1. Doubles lose that unit.
    const atOne = quantizer({ ...tiny, accZero: 1, bias: 2 ** -11, hi: 1 });
    expect(allSteps(atOne, { min: -9, max: 9 }, 1)).toEqual([2]);
    // t = acc*2^-60 + 2: 2 always, 3 never.
    const between = quantizer({ ...tiny, bias: 2 ** -9, hi: 3 });
    expect(allSteps(between, { min: -9, max: 9 }, 1)).toEqual([-9, -9, 10]);
  });
});
