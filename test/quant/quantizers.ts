/** Small quantizers for fast-check: constants with few bits, so that ties happen, and any float32. */
import fc from 'fast-check';
import { type QuantizerConstants, type RealQuantizer, realQuantizer } from '../../src/quant/quantizer.js';
import { dyadic } from '../../src/quant/rational.js';
import type { AccRange } from '../../src/quant/steps.js';

/** Multiples of 2^-3: sums and quotients of them hit ties. */
const coarse = fc.integer({ min: 1, max: 64 }).map((n) => n / 8);
const fine = fc.float({ min: Math.fround(0.01), max: Math.fround(8), noNaN: true }).map(Math.fround);
const scale = fc.oneof(coarse, fine);
const signed = fc.tuple(scale, fc.boolean()).map(([x, negative]) => (negative ? -x : x));

export const rangeArbitrary: fc.Arbitrary<AccRange> = fc.record({
  min: fc.integer({ min: -60, max: 0 }),
  max: fc.integer({ min: 0, max: 60 }),
});

export const constantsArbitrary: fc.Arbitrary<QuantizerConstants> = fc
  .record({
    step: fc.oneof(scale, fc.constant(0)).map(dyadic),
    divisor: fc.integer({ min: 1, max: 9 }),
    accZero: fc.integer({ min: -20, max: 20 }),
    bias: fc.oneof(signed, fc.constant(0)),
    residual: fc.option(fc.record({ scale, zero: fc.integer({ min: 0, max: 3 }) })),
    outputScale: scale,
    outputZero: fc.integer({ min: 0, max: 9 }),
    limits: fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 15 })),
  })
  .map(({ limits, ...rest }) => ({ ...rest, lo: Math.min(...limits), hi: Math.max(...limits) }));

export const quantizerArbitrary: fc.Arbitrary<RealQuantizer> = constantsArbitrary.map(realQuantizer);
