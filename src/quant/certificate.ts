/**
 * Finds integers m, b, n, r whose requantizer floor((acc*m + b + res*r) / 2^n) has all its steps where the
 * real-valued quantizer has them, over every reachable accumulator and residual; or counts where they differ.
 * Both are monotone in acc, so comparing the positions of all steps compares them everywhere (design 2.6).
 */
import type { Exactness } from './network.js';
import { type RealQuantizer, stepFinder } from './quantizer.js';

export interface RequantizeWidths {
  /** Signed m and r. */
  readonly mBits: number;
  /** Signed b. */
  readonly bBits: number;
  /** Unsigned n. */
  readonly nBits: number;
}

export interface AccRange {
  readonly min: number;
  readonly max: number;
}

export interface ChannelConstants {
  readonly m: number;
  readonly b: bigint;
  readonly n: number;
  readonly r: number;
  readonly exactness: Exactness;
}

/** Above this n the search's sums would no longer be exact in a double. */
const LARGEST_N = 40;
/** Signed products of m and acc, and of r and res, must stay exact in a double: 2^30 * 2^22. */
const LARGEST_M = 2 ** 30;

/**
 * The constants of one channel. `residualCodes` is the number of residual codes (1 without a residual).
 * The smallest n that is exact wins; if none is, the largest that fits, with its differences counted.
 */
export function requantizeConstants(
  f: RealQuantizer,
  range: AccRange,
  residualCodes: number,
  widths: RequantizeWidths,
): ChannelConstants {
  const steps = allSteps(f, range, residualCodes);
  const alpha = Number(f.p) / Number(f.d);
  const rho = Number(f.r) / Number(f.d);
  const most = Math.min(LARGEST_M, 2 ** (widths.mBits - 1) - 1);
  const mostB = 2 ** (Math.min(widths.bBits, 53) - 1) - 1;
  const largestN = Math.min(LARGEST_N, 2 ** widths.nBits - 1);
  let best: ChannelConstants | null = null;
  for (let n = 0; n <= largestN; n++) {
    const m = Math.round(alpha * 2 ** n);
    const r = Math.round(rho * 2 ** n);
    if (m > most || r > most) break;
    const [low, high] = offsets(f, range, steps, n, m, r);
    const b = Math.floor((low + high) / 2);
    if (Math.abs(b) > mostB || Math.abs(low) > 2 ** 52 || Math.abs(high) > 2 ** 52) break;
    if (low <= high) return { m, b: BigInt(low), n, r, exactness: { kind: 'exact' } };
    best = { m, b: BigInt(b), n, r, exactness: { kind: 'exact' } };
  }
  const found = best ?? { m: 0, b: 0n, n: 0, r: 0, exactness: { kind: 'exact' } };
  return { ...found, exactness: differences(f, range, steps, found) };
}

/** Steps by residual code, then by k - lo - 1, limited to range.min .. range.max + 1. */
function allSteps(f: RealQuantizer, range: AccRange, residualCodes: number): Float64Array {
  const perResidual = f.hi - f.lo;
  const steps = new Float64Array(perResidual * residualCodes);
  const find = f.p === 0n ? constantSteps(f, range) : stepFinder(f);
  for (let res = 0; res < residualCodes; res++) {
    for (let i = 0; i < perResidual; i++) {
      const step = find(res, f.lo + 1 + i);
      steps[res * perResidual + i] = Math.min(range.max + 1, Math.max(range.min, step));
    }
  }
  return steps;
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

/** The interval of b for which every step is in its place; empty when low > high. */
function offsets(
  f: RealQuantizer,
  range: AccRange,
  steps: Float64Array,
  n: number,
  m: number,
  r: number,
): readonly [number, number] {
  const perResidual = f.hi - f.lo;
  const unit = 2 ** n;
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (let at = 0; at < steps.length; at++) {
    const res = perResidual === 0 ? 0 : Math.floor(at / perResidual);
    const k = f.lo + 1 + (at - res * perResidual);
    const step = steps[at]!;
    const target = unit * k - r * res;
    if (step <= range.max) low = Math.max(low, target - m * step);
    if (step > range.min) high = Math.min(high, target - 1 - m * (step - 1));
  }
  if (low === Number.NEGATIVE_INFINITY) low = high === Number.POSITIVE_INFINITY ? unit * f.lo : high;
  if (high === Number.POSITIVE_INFINITY) high = low;
  return [low, high];
}

/** Counts the (acc, res) pairs whose codes differ, and the largest difference, by sweeping both sets of steps. */
function differences(
  f: RealQuantizer,
  range: AccRange,
  steps: Float64Array,
  c: { readonly m: number; readonly b: bigint; readonly n: number; readonly r: number },
): Exactness {
  const perResidual = f.hi - f.lo;
  let differing = 0;
  let maxCodes = 0;
  for (let from = 0; from < steps.length; from += perResidual) {
    const res = from / perResidual;
    const events: [number, number][] = [];
    for (let i = 0; i < perResidual; i++) {
      events.push([steps[from + i]!, 1], [integerStep(f.lo + 1 + i, res, range, c), -1]);
    }
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

/** The smallest accumulator for which the integer requantizer gives at least k. */
function integerStep(
  k: number,
  res: number,
  range: AccRange,
  c: { readonly m: number; readonly b: bigint; readonly n: number; readonly r: number },
): number {
  const need = (BigInt(k) << BigInt(c.n)) - c.b - BigInt(c.r) * BigInt(res);
  if (c.m === 0) return need <= 0n ? range.min : range.max + 1;
  const m = BigInt(c.m);
  const quotient = need / m + (need % m > 0n ? 1n : 0n);
  return Math.min(range.max + 1, Math.max(range.min, Number(quotient)));
}
