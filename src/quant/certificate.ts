/**
 * Finds integers m, b, n, r whose requantizer round((acc*m + b + res*r) / 2^n) has all its steps where the
 * real-valued quantizer has them, over every reachable accumulator and residual; or counts where they differ.
 * Both are monotone in acc, so comparing the positions of all steps compares them everywhere (design 2.6).
 */
import { type Agreement, differences, type IntegerConstants, sumOfCode } from './differences.js';
import type { Requantize } from './network.js';
import { mirrored, type RealQuantizer, slopeOf } from './quantizer.js';
import { type Dyadic, dyadic } from './rational.js';
import { type Reach, type StepRows, stepRows } from './steps.js';

export interface RequantizeWidths {
  /** Signed m and r. */
  readonly mBits: number;
  /** Signed b. */
  readonly bBits: number;
  /** Unsigned n. */
  readonly nBits: number;
}

export interface ChannelConstants extends IntegerConstants {
  /** What the constants stand for. */
  readonly quantizer: RealQuantizer;
  readonly exactness: Agreement;
}

/** The search's sums stay exact in doubles below this. */
const EXACT = 2 ** 52;
/** Bits of m from which the grid is so fine that moving a scale onto it (by 2^-17 of itself) costs nothing. */
const FINE_BITS = 16;
/** Narrow constants of a machine may ask for a coarser grid, still below what rounding the weights costs. */
const COARSE_BITS = 8;
/** Multipliers tried beside the nearest one at each n, where they are as near as a fine grid is. */
const NEIGHBOURS = [0, 1, -1, 2, -2, 3, -3, 4, -4];
/** Where the model fixes the scale: ties of some rounding modes ask for a slope a trifle steeper or flatter. */
const ASIDE = [0, 1, -1];

/**
 * For a scale that the model fixes. The smallest n that is exact wins; if none is, the largest that fits, its differences counted.
 * A function that falls with acc is one that rises with -acc.
 */
export function constantsOfScale(
  f: RealQuantizer,
  reach: Reach,
  widths: RequantizeWidths,
  round: Requantize['round'] = 'floor',
): ChannelConstants {
  if (slopeOf(f).alpha >= 0) return risingConstants(f, reach, widths, round);
  const range = { min: -reach.range.max, max: -reach.range.min };
  const found = risingConstants(mirrored(f), { ...reach, range }, widths, round);
  return { ...found, m: -found.m + 0, quantizer: f };
}

function risingConstants(
  f: RealQuantizer,
  reach: Reach,
  widths: RequantizeWidths,
  round: Requantize['round'],
): ChannelConstants {
  const rows = stepRows(f, reach.range);
  const limits = limitsOf(f, widths);
  const { alpha } = slopeOf(f);
  const order = rowOrder(reach);
  const attempt = (n: number, m: number): Trial | null =>
    tryConstants(f, reach, { rows, order }, { n, m, round }, limits);
  // A code that never changes, or changes once.
  for (const m of [0, f.hi - f.lo]) {
    const trial = attempt(0, m);
    if (trial !== null && trial.b !== null) return found(f, trial, trial.b);
  }
  let last: Trial | null = null;
  for (const aside of ASIDE) {
    for (let n = 0; n <= limits.n; n++) {
      const m = nearest(alpha, n) + aside;
      if (m < 0) continue;
      const trial = attempt(n, m);
      if (trial === null) break;
      if (trial.b !== null) return found(f, trial, trial.b);
      if (aside === 0) last = trial;
    }
  }
  return approximate(f, reach, rows, last, { widths, round });
}

/**
 * For a scale that Systole chose itself and may move a little: onto m/2^n output codes for each unit of the accumulator, which
 * the requantizer then multiplies by exactly.
 * @param at the quantizer whose accumulator counts in units of the given number of output codes
 * @param codesPerUnit the scale wished for, positive
 */
export function constantsOnGrid(
  at: (codesPerUnit: Dyadic) => RealQuantizer,
  codesPerUnit: number,
  reach: Reach,
  widths: RequantizeWidths,
): ChannelConstants {
  const wished = at(dyadic(codesPerUnit));
  const limits = limitsOf(wished, widths);
  const largest = largestShift(codesPerUnit, slopeOf(wished).rho, limits);
  const order = rowOrder(reach);
  for (const n of gridShifts(codesPerUnit, largest)) {
    const middle = Math.round(codesPerUnit * 2 ** n);
    for (const aside of NEIGHBOURS) {
      const m = middle + aside;
      if (m < 0 || m > limits.m || Math.abs(aside) > middle * 2 ** -FINE_BITS) continue;
      const f = at({ num: BigInt(m), exp: -n });
      const rows = stepRows(f, reach.range);
      const trial = tryConstants(f, reach, { rows, order }, { n, m, round: 'floor' }, limits);
      if (trial !== null && trial.b !== null) return found(f, trial, trial.b);
    }
  }
  return constantsOfScale(wished, reach, widths);
}

/** From the first fine grid to finer ones, then to coarser ones. */
function gridShifts(codesPerUnit: number, largest: number): number[] {
  const shiftOf = (bits: number): number => Math.min(largest, Math.max(0, bits - Math.floor(Math.log2(codesPerUnit))));
  const fine = shiftOf(FINE_BITS);
  const coarse = shiftOf(COARSE_BITS);
  const finer = Array.from({ length: largest - fine + 1 }, (_, i) => fine + i);
  const coarser = Array.from({ length: fine - coarse }, (_, i) => fine - 1 - i);
  return [...finer, ...coarser];
}

interface Limits {
  readonly m: number;
  readonly b: number;
  readonly n: number;
}

interface Slopes {
  readonly n: number;
  readonly m: number;
  readonly round: Requantize['round'];
}

interface Trial extends Slopes {
  readonly r: number;
  /** null where no offset is exact. */
  readonly b: number | null;
}

function limitsOf(f: RealQuantizer, widths: RequantizeWidths): Limits {
  const codeBits = Math.ceil(Math.log2(f.hi + 2));
  return {
    m: 2 ** (widths.mBits - 1) - 1,
    b: Math.min(EXACT, 2 ** (widths.bBits - 1) - 1),
    n: Math.min(51 - codeBits, 2 ** widths.nBits - 1),
  };
}

/** The largest n whose multipliers fit. */
function largestShift(alpha: number, rho: number, limits: Limits): number {
  let n = 0;
  while (n < limits.n && Math.round(Math.max(alpha, rho) * 2 ** (n + 1)) <= limits.m) n++;
  return n;
}

function nearest(slope: number, n: number): number {
  return Math.round(slope * 2 ** n);
}

/** null where a constant does not fit. */
function tryConstants(f: RealQuantizer, reach: Reach, sweep: Sweep, slopes: Slopes, limits: Limits): Trial | null {
  const r = reach.residualCodes === 1 ? 0 : nearest(slopeOf(f).rho, slopes.n) + 0;
  if (slopes.m > limits.m || Math.abs(r) > limits.m) return null;
  const { low, high } = offsets(f, reach, sweep, { ...slopes, r }, true);
  if (low > high) return { ...slopes, r, b: null };
  const b = Math.max(low, Math.min(high, 0));
  return Math.abs(b) > limits.b ? null : { ...slopes, r, b };
}

function found(quantizer: RealQuantizer, trial: Trial, b: number): ChannelConstants {
  const { m, n, r, round } = trial;
  return { m, n, r, round, b: BigInt(b), quantizer, exactness: { kind: 'exact' } };
}

/** The steps by residual code, and the order in which the codes are gone through. */
interface Sweep {
  readonly rows: StepRows;
  /** The codes that ruled out earlier trials come first: most trials fail at the same ones. */
  readonly order: number[];
}

/** The last code second: what r gets wrong grows towards it. */
function rowOrder({ residualCodes }: Reach): number[] {
  return Array.from({ length: residualCodes }, (_, i) => (i === 0 ? 0 : i === 1 ? residualCodes - 1 : i - 1));
}

function moveToFront(order: number[], res: number): void {
  order.splice(order.indexOf(res), 1);
  order.unshift(res);
}

interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The offsets b for which every step is in its place; none where low > high. `stop` gives up as soon as that is known. */
function offsets(
  f: RealQuantizer,
  { range }: Reach,
  { rows, order }: Sweep,
  c: Slopes & { readonly r: number },
  stop: boolean,
): Interval {
  const { m, r } = c;
  const { min, max } = range;
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  let [lowAt, highAt] = [0, 0];
  const sums = Float64Array.from({ length: f.hi - f.lo }, (_, s) => sumOfCode(f.lo + 1 + s, c));
  for (const res of order) {
    const steps = rows(res);
    const shift = r * res;
    const [lowBefore, highBefore] = [low, high];
    for (let s = 0; s < steps.length; s++) {
      const step = steps[s]!;
      const target = sums[s]! - shift;
      const least = target - m * step;
      const most = target - 1 - m * (step - 1);
      if (step <= max && least > low) low = least;
      if (step > min && most < high) high = most;
    }
    if (low > lowBefore) lowAt = res;
    if (high < highBefore) highAt = res;
    if (!stop || low <= high) continue;
    moveToFront(order, lowAt);
    moveToFront(order, highAt);
    break;
  }
  return { low, high };
}

/** No offset is exact, or fits: the middle one, or the nearest that fits, with what it gets wrong. */
function approximate(
  f: RealQuantizer,
  reach: Reach,
  rows: StepRows,
  trial: Trial | null,
  { widths, round }: { readonly widths: RequantizeWidths; readonly round: Requantize['round'] },
): ChannelConstants {
  const limits = limitsOf(f, widths);
  const { alpha, rho } = slopeOf(f);
  const within = (slope: number): number => Math.max(-limits.m, Math.min(limits.m, nearest(slope, 0)));
  const { n, m, r } = trial ?? { n: 0, m: within(alpha), r: reach.residualCodes === 1 ? 0 : within(rho) };
  const { low, high } = offsets(f, reach, { rows, order: rowOrder(reach) }, { n, m, r, round }, false);
  const middle = low > high ? Math.floor((low + high) / 2) : Math.max(low, Math.min(high, 0));
  const b = BigInt(Math.max(-limits.b, Math.min(limits.b, middle)));
  const exactness = differences(f, reach, rows, { m, b, n, r, round });
  return { m, b, n, r, round, quantizer: f, exactness };
}
