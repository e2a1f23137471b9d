/** Where a real-valued quantizer that rises with acc steps: for each code k the smallest accumulator whose code is at least k. */
import { type RealQuantizer, slopeOf, valueOn } from './quantizer.js';
import { ceilDivide } from './rational.js';
import { type Threshold, thresholdOf } from './rounding.js';

export interface AccRange {
  readonly min: number;
  readonly max: number;
}

export interface Reach {
  readonly range: AccRange;
  /** Number of residual codes; 1 without a residual. */
  readonly residualCodes: number;
}

/** Relative error of an estimated step: a few roundings of doubles, with room. */
const ERROR = 2 ** -47;

/** By residual code: the steps of codes lo+1 .. hi, limited to range.min .. range.max + 1 (always, never reached). */
export type StepRows = (res: number) => Float64Array;

/** Rows are found when they are asked for, and kept. */
export function stepRows(f: RealQuantizer, range: AccRange): StepRows {
  const find = rowFinder(f, range);
  const rows: Float64Array[] = [];
  return (res) => {
    rows[res] ??= find(res);
    return rows[res];
  };
}

/**
 * A double decides each step wherever its error bound keeps it off the integers; the others are settled in integers.
 * By a loop: rows are many, and this is most of the work on them.
 */
function rowFinder(f: RealQuantizer, range: AccRange): StepRows {
  const { alpha, beta, rho, size } = slopeOf(f);
  const { min, max } = range;
  const firsts = Float64Array.from({ length: f.hi - f.lo }, (_, i) => beginning(f, f.lo + 1 + i).halves / 2);
  return (res) => {
    const row = new Float64Array(firsts.length);
    for (let i = 0; i < row.length; i++) {
      const k = f.lo + 1 + i;
      if (k <= f.least || k > f.most) {
        row[i] = k <= f.least ? min : max + 1;
        continue;
      }
      const from = firsts[i]!;
      const estimate = (from - beta - rho * res) / alpha;
      const error = (ERROR * (Math.abs(from) + size + Math.abs(rho) * res)) / alpha;
      const up = Math.ceil(estimate - error);
      const sure = up === Math.ceil(estimate + error) && estimate + error !== up;
      const step = sure ? up : settledStep(f, range, res, k, alpha === 0);
      row[i] = step > max ? max + 1 : step < min ? min : step;
    }
    return row;
  };
}

/** Where a double does not decide. `flat`: the code is the same for every accumulator. */
function settledStep(f: RealQuantizer, range: AccRange, res: number, k: number, flat: boolean): number {
  if (flat) return reaches(f, range.min, res, k) ? range.min : range.max + 1;
  return f.root === null ? exactStep(f, res, k) : searchStep(f, range, res, k);
}

/** The t from which on the code is k or more. */
function beginning(f: RealQuantizer, k: number): Threshold {
  const { halves, closed } = thresholdOf(f.round, Math.ceil(k / f.step) - f.zero);
  return { halves: halves + 2 * f.zero, closed };
}

/** Of a rational slope: the ceiling of a rational. */
function exactStep(f: RealQuantizer, res: number, k: number): number {
  const { halves, closed } = beginning(f, k);
  const bound = BigInt(halves) * f.d - 2n * (f.q + f.r * BigInt(res));
  return Number(closed ? ceilDivide(bound, 2n * f.p) : ceilDivide(bound + 1n, 2n * f.p));
}

/** By bisection. */
function searchStep(f: RealQuantizer, range: AccRange, res: number, k: number): number {
  let [low, high] = [range.min, range.max + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (reaches(f, middle, res, k)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whether t has come to where code k begins; square roots are compared by squaring. */
export function reaches(f: RealQuantizer, acc: number, res: number, k: number): boolean {
  const threshold = beginning(f, k);
  const rational = 2n * valueOn(f, acc, res) - BigInt(threshold.halves) * f.d;
  if (f.root === null || f.root.num === 0n) return isPast(rational, threshold);
  const irrational = 2n * valueOn(f.root, acc, res);
  const sameSide = rational < 0n ? irrational <= 0n : rational === 0n || irrational >= 0n;
  if (sameSide) return isPast(rational + irrational, threshold);
  const difference = irrational * irrational * f.root.num - rational * rational * f.root.den;
  return isPast(irrational > 0n ? difference : -difference, threshold);
}

function isPast(sign: bigint, { closed }: Threshold): boolean {
  return sign > 0n || (closed && sign === 0n);
}
