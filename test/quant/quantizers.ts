/** Small quantizers for fast-check: constants with few bits, so that ties happen, and any float32. */
import fc from 'fast-check';
import type { Rounding } from '../../src/frontend/graph.js';
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

const ROUNDINGS: readonly Rounding[] = [
  ...(['half-even', 'half-up', 'half-down', 'half-away', 'half-to-zero'] as const),
  ...(['floor', 'ceil', 'to-zero', 'away'] as const),
];
export const roundingArbitrary = fc.constantFrom(...ROUNDINGS);

const small = fc.integer({ min: -40, max: 40 }).map(BigInt);
const line = fc.record({ p: small, q: small, r: small });
/** Squares among them: their roots are rational and meet ties. */
const square = fc.record({ num: fc.constantFrom(0n, 1n, 2n, 4n, 9n), den: fc.constantFrom(1n, 3n, 4n, 16n) });

/** What models bring: any rounding, a batch norm's root or none, rising or falling, clamps of a channel's own, codes left out. */
export const modelQuantizerArbitrary: fc.Arbitrary<RealQuantizer> = fc
  .record({
    line,
    root: fc.option(fc.tuple(line, square)),
    d: fc.integer({ min: 1, max: 64 }).map(BigInt),
    round: roundingArbitrary,
    zero: fc.integer({ min: -3, max: 9 }),
    step: fc.constantFrom(1, 1, 1, 2),
    limits: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 4, maxLength: 4 }),
  })
  .map(({ line: rational, root, limits, ...rest }) => {
    const [lo, least, most, hi] = limits.sort((a, b) => a - b) as [number, number, number, number];
    const behind = root && { ...root[0], ...root[1] };
    return { ...rational, p: behind ? 0n : rational.p, root: behind, lo, hi, least, most, ...rest };
  });
