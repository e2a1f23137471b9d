/**
 * Runs the real-valued quantizer and the integer requantizer side by side on the accumulators themselves, and holds
 * the certificate against what comes out. Shares nothing with the step finder: the real side is evaluated value by value,
 * in doubles where their error bound decides the rounding and in unbounded integers where it does not; the
 * integer side walks quotient and remainder, exactly.
 */
import { SystoleError } from '../base/error.js';
import type { ChannelConstants } from './certificate.js';
import { evaluate, type RealQuantizer, slopeOf } from './quantizer.js';
import type { Reach } from './steps.js';

/** A channel of at most this many reachable accumulators is checked on all of them. */
export const WHOLE_LIMIT = 2 ** 20;
/** About as many accumulators are tried, evenly spaced, on a channel of more. */
const SAMPLES = 2 ** 16;
/** Residual codes tried at least: none, all, and the code of zero. */
const FEWEST_RESIDUALS = 3;

export interface ChannelCheck {
  /** Pairs of accumulator and residual code on which both were run. */
  readonly values: number;
  /** Every reachable accumulator was among them. */
  readonly everyAccumulator: boolean;
}

/** @throws SystoleError certificate-wrong where the certificate claims something else than the two quantizers do. */
export function checkCertificate(c: ChannelConstants, reach: Reach, where: string): ChannelCheck {
  const { range, residualCodes } = reach;
  const count = range.max - range.min + 1;
  const stride = count <= WHOLE_LIMIT ? 1 : Math.ceil(count / SAMPLES);
  const perResidual = Math.ceil(count / stride);
  const residuals = residualsTried(residualCodes, perResidual);
  const tally: Tally = { differing: 0, maxCodes: 0 };
  for (const res of residuals) compareRow(c, reach, res, stride, tally);
  const whole = stride === 1 && residuals.length === residualCodes;
  if (!agrees(c, tally, whole)) {
    throw new SystoleError('certificate-wrong', 'the exactness certificate does not hold', {
      where,
      expected: describe(claimOf(c)),
      actual: `${describe(tally)} on ${whole ? 'all' : 'some'} values`,
      hint: 'this is a defect of Systole; please report it with the model',
    });
  }
  return { values: perResidual * residuals.length, everyAccumulator: stride === 1 };
}

interface Tally {
  differing: number;
  maxCodes: number;
}

function claimOf({ exactness }: ChannelConstants): Tally {
  return exactness.kind === 'exact' ? { differing: 0, maxCodes: 0 } : exactness;
}

function agrees(c: ChannelConstants, tally: Tally, whole: boolean): boolean {
  const claim = claimOf(c);
  if (whole) return tally.differing === claim.differing && tally.maxCodes === claim.maxCodes;
  return tally.differing <= claim.differing && tally.maxCodes <= claim.maxCodes;
}

function describe({ differing, maxCodes }: Tally): string {
  return differing === 0 ? 'no difference' : `${differing} differences of up to ${maxCodes} codes`;
}

/** All residual codes where the pairs are few enough, else evenly spaced ones with both ends. */
function residualsTried(residualCodes: number, perResidual: number): number[] {
  const room = Math.max(FEWEST_RESIDUALS, Math.floor(WHOLE_LIMIT / perResidual));
  const count = Math.min(residualCodes, room);
  const spacing = count === 1 ? 0 : (residualCodes - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => Math.round(i * spacing));
}

/** All accumulators from range.min in steps of `stride`, for one residual code. */
function compareRow(c: ChannelConstants, reach: Reach, res: number, stride: number, tally: Tally): void {
  const f = c.quantizer;
  const { min, max } = reach.range;
  const { alpha, offset, doubt } = estimator(f, reach, res);
  const { lo, hi, least, most } = f;
  const ties = c.round === 'nearest-even' && c.n > 0;
  const half = 2 ** (c.n - 1);
  // acc*m + b + res*r = quotient * 2^n + remainder
  const unit = 1n << BigInt(c.n);
  const first = BigInt(min) * BigInt(c.m) + c.b + BigInt(res) * BigInt(c.r);
  const gain = BigInt(c.m) * BigInt(stride);
  let quotient = Number(first >> BigInt(c.n));
  let remainder = Number(first & (unit - 1n));
  const quotientGain = Number(gain >> BigInt(c.n));
  const remainderGain = Number(gain & (unit - 1n));
  const remainderLimit = Number(unit);
  for (let acc = min; acc <= max; acc += stride) {
    const shifted = alpha * acc + offset;
    const floor = Math.floor(shifted);
    const rest = shifted - floor;
    const code = f.step * floor;
    let expected = code < least ? least : code > most ? most : code;
    if (!(rest >= doubt && rest <= 1 - doubt)) expected = evaluate(f, acc, res);
    const up = ties && (remainder > half || (remainder === half && quotient % 2 !== 0)) ? 1 : 0;
    const rounded = quotient + up;
    const actual = rounded < lo ? lo : rounded > hi ? hi : rounded;
    if (expected !== actual) {
      tally.differing += 1;
      tally.maxCodes = Math.max(tally.maxCodes, Math.abs(expected - actual));
    }
    quotient += quotientGain;
    remainder += remainderGain;
    if (remainder >= remainderLimit) {
      remainder -= remainderLimit;
      quotient += 1;
    }
  }
}

/**
 * alpha*acc + offset in doubles is t and what the rounding mode adds before it takes the floor: right wherever
 * its fraction is `doubt` away from an integer. The error is below eight roundings of the largest term. A mode whose
 * addition depends on the sign of t leaves every value in doubt.
 */
function estimator(
  f: RealQuantizer,
  reach: Reach,
  res: number,
): { readonly alpha: number; readonly offset: number; readonly doubt: number } {
  const { alpha, beta, rho, size } = slopeOf(f);
  const added = ADDED[f.round];
  if (added === null) return { alpha: 0, offset: 0, doubt: 1 };
  const largest = Math.max(-reach.range.min, reach.range.max);
  const doubt = (Math.abs(alpha) * largest + size + Math.abs(rho) * res + 1) * 2 ** -48;
  return { alpha, offset: beta + rho * res + added, doubt };
}

const ADDED: Record<RealQuantizer['round'], number | null> = {
  'half-even': 0.5,
  'half-up': 0.5,
  'half-down': 0.5,
  'half-away': 0.5,
  'half-to-zero': 0.5,
  floor: 0,
  ceil: 1,
  'to-zero': null,
  away: null,
};
