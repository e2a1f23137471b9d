/**
 * Runs the real-valued quantizer and the integer requantizer side by side on the accumulators themselves, and holds
 * the certificate against what comes out. Shares nothing with the step finder: the real side is evaluated value by value,
 * in doubles where their error bound decides the rounding and in unbounded integers where it does not; the
 * integer side walks quotient and remainder, exactly.
 */
import { SystoleError } from '../base/error.js';
import type { ChannelConstants } from './certificate.js';
import { compareEnds, endsPerRow, type Tally } from './check-runs.js';
import { estimator, realCode } from './real-codes.js';
import type { Reach } from './steps.js';

/** A channel of at most this many reachable accumulators is checked on all of them. */
export const WHOLE_LIMIT = 2 ** 20;
/** About as many accumulators are tried, evenly spaced, on a channel of more. */
const SAMPLES = 2 ** 16;
/** Pairs of accumulator and residual code tried where the ends of all runs are tried as well. */
const BESIDE_ENDS = 2 ** 18;
/** Residual codes tried at least: none, all, and the code of zero. */
const FEWEST_RESIDUALS = 3;

/** Integers below this, and their sums, are exact doubles. */
const EXACT = 2 ** 53;

export interface ChannelCheck {
  /** Pairs of accumulator and residual code on which both were run. */
  readonly values: number;
  /** Nothing reachable was left out: every pair was among them, or both ends of every run between two steps. */
  readonly whole: boolean;
}

/** @throws SystoleError certificate-wrong where the certificate claims something else than the two quantizers do. */
export function checkCertificate(c: ChannelConstants, reach: Reach, where: string): ChannelCheck {
  const { range, residualCodes } = reach;
  const count = range.max - range.min + 1;
  const ends = endsPerRow(c) * residualCodes;
  // Both functions are monotone in acc: where they agree at both ends of a run, they agree within.
  const provable = ends <= WHOLE_LIMIT && c.exactness.kind === 'exact';
  const pairs = provable && residualCodes > 1 ? BESIDE_ENDS : WHOLE_LIMIT;
  const stride = count <= pairs ? 1 : Math.ceil(count / SAMPLES);
  const perResidual = Math.ceil(count / stride);
  const residuals = residualsTried(residualCodes, perResidual, pairs);
  const tally: Tally = { differing: 0, maxCodes: 0 };
  for (const res of residuals) compareRow(c, reach, res, stride, tally);
  const every = stride === 1 && residuals.length === residualCodes;
  const byEnds = provable && !every;
  if (byEnds) for (let res = 0; res < residualCodes; res++) compareEnds(c, reach, res, tally);
  if (!agrees(c, tally, every)) {
    throw new SystoleError('certificate-wrong', 'the exactness certificate does not hold', {
      where,
      expected: describe(claimOf(c)),
      actual: `${describe(tally)} on ${every ? 'all' : 'some'} values`,
      hint: 'this is a defect of Systole; please report it with the model',
    });
  }
  return { values: perResidual * residuals.length + (byEnds ? ends : 0), whole: every || byEnds };
}

function claimOf({ exactness }: ChannelConstants): Tally {
  return exactness.kind === 'exact' ? { differing: 0, maxCodes: 0 } : exactness;
}

function agrees(c: ChannelConstants, tally: Tally, every: boolean): boolean {
  const claim = claimOf(c);
  if (every) return tally.differing === claim.differing && tally.maxCodes === claim.maxCodes;
  return tally.differing <= claim.differing && tally.maxCodes <= claim.maxCodes;
}

function describe({ differing, maxCodes }: Tally): string {
  return differing === 0 ? 'no difference' : `${differing} differences of up to ${maxCodes} codes`;
}

/** All residual codes where the pairs are few enough, else evenly spaced ones with both ends. */
function residualsTried(residualCodes: number, perResidual: number, pairs: number): number[] {
  const room = Math.max(FEWEST_RESIDUALS, Math.floor(pairs / perResidual));
  const count = Math.min(residualCodes, room);
  const spacing = count === 1 ? 0 : (residualCodes - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => Math.round(i * spacing));
}

/** All accumulators from range.min in steps of `stride`, for one residual code. */
function compareRow(c: ChannelConstants, reach: Reach, res: number, stride: number, tally: Tally): void {
  if (fitsDoubles(c, reach)) compareInDoubles(c, reach, res, stride, tally);
  else compareInQuotients(c, reach, res, stride, tally);
}

function fitsDoubles({ m, b, r }: ChannelConstants, { range, residualCodes }: Reach): boolean {
  const largest = Math.max(Math.abs(range.min), Math.abs(range.max));
  return largest * Math.abs(m) + Math.abs(Number(b)) + residualCodes * Math.abs(r) < EXACT;
}

/** Sums are exact, and so are their products with a power of two. The loop is all of the work, so nothing is called in it. */
function compareInDoubles(c: ChannelConstants, reach: Reach, res: number, stride: number, tally: Tally): void {
  const f = c.quantizer;
  const { min, max } = reach.range;
  const estimate = estimator(f, reach, res);
  const { alpha, offset, doubt } = estimate;
  const { lo, hi, step, least, most } = f;
  const sure = 1 - doubt;
  const ties = c.round === 'nearest-even';
  const unit = 2 ** -c.n;
  const gain = c.m * stride;
  let sum = min * c.m + Number(c.b) + res * c.r;
  for (let acc = min; acc <= max; acc += stride, sum += gain) {
    const scaled = sum * unit;
    let actual = Math.floor(scaled);
    if (ties) actual += tieUp(scaled, actual);
    actual = actual < lo ? lo : actual > hi ? hi : actual;
    const shifted = alpha * acc + offset;
    const floor = Math.floor(shifted);
    const rest = shifted - floor;
    const code = step * floor;
    const estimated = code < least ? least : code > most ? most : code;
    const expected = rest >= doubt && rest <= sure ? estimated : realCode(f, estimate, acc, res);
    if (expected !== actual) note(tally, expected, actual);
  }
}

/** What rounding to the nearest even adds to the floor. */
function tieUp(scaled: number, floor: number): 0 | 1 {
  const rest = scaled - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? 1 : 0;
}

function note(tally: Tally, expected: number, actual: number): void {
  tally.differing += 1;
  tally.maxCodes = Math.max(tally.maxCodes, Math.abs(expected - actual));
}

/** acc*m + b + res*r = quotient * 2^n + remainder, each of them small enough. */
function compareInQuotients(c: ChannelConstants, reach: Reach, res: number, stride: number, tally: Tally): void {
  const f = c.quantizer;
  const { min, max } = reach.range;
  const estimate = estimator(f, reach, res);
  const { lo, hi } = f;
  const ties = c.round === 'nearest-even' && c.n > 0;
  const half = 2 ** (c.n - 1);
  const unit = 1n << BigInt(c.n);
  const first = BigInt(min) * BigInt(c.m) + c.b + BigInt(res) * BigInt(c.r);
  const gain = BigInt(c.m) * BigInt(stride);
  let quotient = Number(first >> BigInt(c.n));
  let remainder = Number(first & (unit - 1n));
  const quotientGain = Number(gain >> BigInt(c.n));
  const remainderGain = Number(gain & (unit - 1n));
  const remainderLimit = Number(unit);
  for (let acc = min; acc <= max; acc += stride) {
    const expected = realCode(f, estimate, acc, res);
    const up = ties && (remainder > half || (remainder === half && quotient % 2 !== 0)) ? 1 : 0;
    const rounded = quotient + up;
    const actual = rounded < lo ? lo : rounded > hi ? hi : rounded;
    if (expected !== actual) note(tally, expected, actual);
    quotient += quotientGain;
    remainder += remainderGain;
    if (remainder >= remainderLimit) {
      remainder -= remainderLimit;
      quotient += 1;
    }
  }
}
