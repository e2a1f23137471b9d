/** Codes of the real-valued quantizer, accumulator by accumulator: in doubles where they decide the rounding, else exactly. */
import { evaluate, type RealQuantizer, slopeOf } from './quantizer.js';
import type { Reach } from './steps.js';

/** For one residual code. */
export interface Estimator {
  readonly alpha: number;
  readonly offset: number;
  readonly doubt: number;
}

export function realCode(f: RealQuantizer, { alpha, offset, doubt }: Estimator, acc: number, res: number): number {
  const shifted = alpha * acc + offset;
  const floor = Math.floor(shifted);
  const rest = shifted - floor;
  if (!(rest >= doubt && rest <= 1 - doubt)) return evaluate(f, acc, res);
  const code = f.step * floor;
  return code < f.least ? f.least : code > f.most ? f.most : code;
}

/**
 * alpha*acc + offset in doubles is t and what the rounding mode adds before it takes the floor: right wherever
 * its fraction is `doubt` away from an integer. The error is below eight roundings of the largest term. A mode whose
 * addition depends on the sign of t leaves every value in doubt.
 */
export function estimator(f: RealQuantizer, reach: Reach, res: number): Estimator {
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
