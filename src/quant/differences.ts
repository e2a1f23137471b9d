/** Counts where an integer requantizer's codes differ from those of the real-valued quantizer it stands for. */
import type { Exactness, Requantize } from './network.js';
import type { RealQuantizer } from './quantizer.js';
import { ceilDivide } from './rational.js';
import type { AccRange, Reach, StepRows } from './steps.js';

/** One channel of y = clamp(round((acc*m + b + res*r) / 2^n), lo, hi). */
export interface IntegerConstants {
  readonly m: number;
  readonly b: bigint;
  readonly n: number;
  readonly r: number;
  readonly round: Requantize['round'];
}

/** The smallest sum acc*m + b + res*r that gives code k or more. */
export function sumOfCode(k: number, { n, round }: Pick<IntegerConstants, 'n' | 'round'>): number {
  if (round === 'floor' || n === 0) return k * 2 ** n;
  // A tie goes to the even one of k - 1 and k.
  return (2 * k - 1) * 2 ** (n - 1) + Math.abs(k % 2);
}

/** Of one channel's constants: decided by comparing all steps. */
export type Agreement = Exclude<Exactness, { readonly kind: 'exact-in-range' }>;

/** Over all (acc, res) pairs: both are step functions that rise with acc, so sweeping both sets of steps counts them all. */
export function differences(f: RealQuantizer, reach: Reach, rows: StepRows, c: IntegerConstants): Agreement {
  const { range, residualCodes } = reach;
  let differing = 0;
  let maxCodes = 0;
  for (let res = 0; res < residualCodes; res++) {
    const events: [number, number][] = [];
    rows(res).forEach((step, i) => {
      events.push([step, 1], [integerStep(f.lo + 1 + i, res, range, c), -1]);
    });
    events.sort((a, b) => a[0] - b[0]);
    let open = 0;
    for (let e = 0; e < events.length; e++) {
      open += events[e]![1];
      const next = events[e + 1]?.[0] ?? range.max + 1;
      const length = Math.min(next, range.max + 1) - events[e]![0];
      if (open === 0 || length <= 0) continue;
      differing += length;
      maxCodes = Math.max(maxCodes, Math.abs(open));
    }
  }
  return differing === 0 ? { kind: 'exact' } : { kind: 'approximate', differing, maxCodes };
}

/** The smallest accumulator for which the integer requantizer gives at least k; m is not negative. */
function integerStep(k: number, res: number, range: AccRange, c: IntegerConstants): number {
  const need = BigInt(sumOfCode(k, c)) - c.b - BigInt(c.r) * BigInt(res);
  if (c.m === 0) return need <= 0n ? range.min : range.max + 1;
  return Math.min(range.max + 1, Math.max(range.min, Number(ceilDivide(need, BigInt(c.m)))));
}
