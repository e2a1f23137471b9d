/**
 * Finds integers m, b, n, r whose requantizer floor((acc*m + b + res*r) / 2^n) has all its steps where the
 * real-valued quantizer has them, over every reachable accumulator and residual; or counts where they differ.
 * Both are monotone in acc, so comparing the positions of all steps compares them everywhere (design 2.6).
 */
import { differences, type IntegerConstants } from './differences.js';
import type { Exactness } from './network.js';
import type { RealQuantizer } from './quantizer.js';
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
  readonly exactness: Exactness;
}

/** The search's sums stay exact in doubles below this. */
const EXACT = 2 ** 52;
/** Bits of m from which the grid is so fine that moving a scale onto it (by 2^-17 of itself) costs nothing. */
const FINE_BITS = 16;
/** Narrow constants of a machine may ask for a coarser grid, still below what rounding the weights costs. */
const COARSE_BITS = 8;
/** Multipliers tried beside the nearest one at each n, where they are as near as a fine grid is. */
const NEIGHBOURS = [0, 1, -1, 2, -2, 3, -3, 4, -4];

/** For a scale that the model fixes. The smallest n that is exact wins; if none is, the largest that fits, its differences counted. */
export function constantsOfScale(f: RealQuantizer, reach: Reach, widths: RequantizeWidths): ChannelConstants {
  const rows = stepRows(f, reach.range);
  const limits = limitsOf(f, widths);
  let last: Trial | null = null;
  for (let n = 0; n <= limits.n; n++) {
    const trial = tryConstants(f, reach, rows, n, nearest(f.p, f.d, n), limits);
    if (trial === null) break;
    if (trial.b !== null) return found(f, trial, trial.b);
    last = trial;
  }
  return approximate(f, reach, rows, last, widths);
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
  const largest = largestShift(codesPerUnit, Number(wished.r) / Number(wished.d), limits);
  for (const n of gridShifts(codesPerUnit, largest)) {
    const middle = Math.round(codesPerUnit * 2 ** n);
    for (const aside of NEIGHBOURS) {
      const m = middle + aside;
      if (m < 0 || m > limits.m || Math.abs(aside) > middle * 2 ** -FINE_BITS) continue;
      const f = at({ num: BigInt(m), exp: -n });
      const trial = tryConstants(f, reach, stepRows(f, reach.range), n, m, limits);
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

interface Trial {
  readonly n: number;
  readonly m: number;
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

function nearest(numerator: bigint, denominator: bigint, n: number): number {
  return Math.round((Number(numerator) / Number(denominator)) * 2 ** n);
}

/** null where a constant does not fit. */
function tryConstants(
  f: RealQuantizer,
  reach: Reach,
  rows: StepRows,
  n: number,
  m: number,
  limits: Limits,
): Trial | null {
  const r = nearest(f.r, f.d, n);
  if (m > limits.m || r > limits.m) return null;
  const { low, high } = offsets(f, reach, rows, { n, m, r }, true);
  if (low > high) return { n, m, r, b: null };
  const b = Math.max(low, Math.min(high, 0));
  return Math.abs(b) > limits.b ? null : { n, m, r, b };
}

function found(quantizer: RealQuantizer, trial: Trial, b: number): ChannelConstants {
  const { m, n, r } = trial;
  return { m, n, r, b: BigInt(b), quantizer, exactness: { kind: 'exact' } };
}

interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The offsets b for which every step is in its place; none where low > high. `stop` gives up as soon as that is known. */
function offsets(
  f: RealQuantizer,
  { range, residualCodes }: Reach,
  rows: StepRows,
  c: { readonly n: number; readonly m: number; readonly r: number },
  stop: boolean,
): Interval {
  const unit = 2 ** c.n;
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (let i = 0; i < residualCodes; i++) {
    // The last code second: what r gets wrong grows towards it.
    const res = i === 0 ? 0 : i === 1 ? residualCodes - 1 : i - 1;
    const steps = rows(res);
    for (let s = 0; s < steps.length; s++) {
      const step = steps[s]!;
      const target = unit * (f.lo + 1 + s) - c.r * res;
      if (step <= range.max) low = Math.max(low, target - c.m * step);
      if (step > range.min) high = Math.min(high, target - 1 - c.m * (step - 1));
    }
    if (stop && low > high) break;
  }
  return { low, high };
}

/** No offset is exact, or fits: the middle one, or the nearest that fits, with what it gets wrong. */
function approximate(
  f: RealQuantizer,
  reach: Reach,
  rows: StepRows,
  trial: Trial | null,
  widths: RequantizeWidths,
): ChannelConstants {
  const limits = limitsOf(f, widths);
  const { n, r } = trial ?? { n: 0, r: Math.min(limits.m, nearest(f.r, f.d, 0)) };
  const m = trial?.m ?? Math.min(limits.m, nearest(f.p, f.d, 0));
  const { low, high } = offsets(f, reach, rows, { n, m, r }, false);
  const middle = low > high ? Math.floor((low + high) / 2) : Math.max(low, Math.min(high, 0));
  const b = BigInt(Math.max(-limits.b, Math.min(limits.b, middle)));
  const exactness = differences(f, reach, rows, { m, b, n, r });
  return { m, b, n, r, quantizer: f, exactness };
}
