/**
 * The certificate at the ends of the integer requantizer's runs: the accumulators of one code lie side by side, and where the
 * real-valued quantizer, as monotone, gives that code to the first and the last of them, it gives it to all.
 */
import type { ChannelConstants } from './certificate.js';
import { ceilDivide } from './rational.js';
import { estimator, realCode } from './real-codes.js';
import type { Reach } from './steps.js';

export interface Tally {
  differing: number;
  maxCodes: number;
}

/** Integers below this, their sums and products are exact doubles. */
const EXACT = 2 ** 53;

/** At most: two for each step, and the two ends of the range. */
export function endsPerRow({ quantizer: { lo, hi } }: ChannelConstants): number {
  return 2 * (hi - lo) + 2;
}

export function compareEnds(c: ChannelConstants, reach: Reach, res: number, tally: Tally): void {
  const f = c.quantizer;
  const { min, max } = reach.range;
  const estimate = estimator(f, reach, res);
  const compare = (acc: number, actual: number): void => {
    const expected = realCode(f, estimate, acc, res);
    if (expected === actual) return;
    tally.differing += 1;
    tally.maxCodes = Math.max(tally.maxCodes, Math.abs(expected - actual));
  };
  const firstAbove = aboveFinder(c, reach, res);
  // Backwards from the largest acc where m is negative, so that codes rise along the walk.
  const along = c.m < 0 ? -1 : 1;
  const [first, last] = c.m < 0 ? [-max, -min] : [min, max];
  let start = first;
  for (let code = f.lo; code <= f.hi && start <= last; code++) {
    const above = code === f.hi ? last + 1 : Math.min(last + 1, Math.max(start, firstAbove(code)));
    if (above === start) continue;
    compare(along * start, code);
    compare(along * (above - 1), code);
    start = above;
  }
}

/** The first acc along the walk whose code is above the given one; infinite where none is. */
function aboveFinder(c: ChannelConstants, reach: Reach, res: number): (code: number) => number {
  const { n } = c;
  const slope = Math.abs(c.m);
  const unit = 2 ** n;
  // A sum just between two codes belongs to the even one of them.
  const before = (code: number): number =>
    c.round === 'floor' || n === 0 ? 0 : code % 2 === 0 ? unit / 2 - 1 : unit / 2;
  const rest = c.b + BigInt(res) * BigInt(c.r);
  const largest = Math.max(Math.abs(reach.range.min), Math.abs(reach.range.max)) + 1;
  const exact = slope * largest + Math.abs(Number(rest)) + (c.quantizer.hi + 2) * unit < EXACT;
  if (slope === 0) return (code) => (BigInt((code + 1) * unit - before(code)) <= rest ? -Infinity : Infinity);
  if (!exact) {
    const wide = BigInt(slope);
    return (code) => Number(ceilDivide(BigInt(code + 1) * BigInt(unit) - BigInt(before(code)) - rest, wide));
  }
  const restNumber = Number(rest);
  return (code) => {
    const need = (code + 1) * unit - before(code) - restNumber;
    const quotient = Math.floor(need / slope);
    // The division may round up to an integer, or down to one.
    return quotient * slope >= need ? ((quotient - 1) * slope >= need ? quotient - 1 : quotient) : quotient + 1;
  };
}
