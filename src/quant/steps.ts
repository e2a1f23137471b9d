/** Where a real-valued quantizer steps: for each code k the smallest accumulator whose code is at least k. */
import type { RealQuantizer } from './quantizer.js';
import { ceilDivide } from './rational.js';

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
const ERROR = 2 ** -48;

/** By residual code: the steps of codes lo+1 .. hi, limited to range.min .. range.max + 1 (always, never reached). */
export type StepRows = (res: number) => Float64Array;

/** Rows are found when they are asked for, and kept. */
export function stepRows(f: RealQuantizer, range: AccRange): StepRows {
  const find = f.p === 0n ? constantSteps(f, range) : stepFinder(f);
  const rows: Float64Array[] = [];
  return (res) => {
    rows[res] ??= Float64Array.from({ length: f.hi - f.lo }, (_, i) =>
      Math.min(range.max + 1, Math.max(range.min, find(res, f.lo + 1 + i))),
    );
    return rows[res];
  };
}

/**
 * Each step is the ceiling of a rational. A double decides it wherever its error bound keeps it off the integers;
 * the others are settled in integers.
 */
function stepFinder(f: RealQuantizer): (res: number, k: number) => number {
  const scale = Number(f.d) / Number(f.p);
  const base = Number(f.q) / Number(f.p);
  const slope = Number(f.r) / Number(f.p);
  return (res, k) => {
    const estimate = (k - 0.5) * scale - base - slope * res;
    const error = ERROR * (Math.abs(k - 0.5) * scale + Math.abs(base) + slope * res);
    const up = Math.ceil(estimate - error);
    return up === Math.ceil(estimate + error) && estimate + error !== up ? up : exactStep(f, res, k);
  };
}

function exactStep(f: RealQuantizer, res: number, k: number): number {
  const bound = (2n * BigInt(k) - 1n) * f.d - 2n * (f.q + f.r * BigInt(res));
  // A tie rounds to k when k - zero is even; else the step is just behind it.
  const tieCounts = ((k - f.zero) & 1) === 0;
  const step = tieCounts ? ceilDivide(bound, 2n * f.p) : ceilDivide(bound + 1n, 2n * f.p);
  return Number(step);
}

/** Weights that are all zero: the accumulator does not matter, every code is reached always or never. */
function constantSteps(f: RealQuantizer, range: AccRange): (res: number, k: number) => number {
  return (res, k) => {
    const left = 2n * (f.q + f.r * BigInt(res));
    const right = (2n * BigInt(k) - 1n) * f.d;
    const reached = left > right || (left === right && ((k - f.zero) & 1) === 0);
    return reached ? range.min : range.max + 1;
  };
}
