/** A model's activation quantizer -> unsigned codes of the integer network. */
import { SystoleError } from '../../base/error.js';
import type { Quantizer, Rounding } from '../../frontend/graph.js';
import { evaluate, type RealQuantizer } from '../quantizer.js';
import { type Dyadic, dyadic, multiply } from '../rational.js';
import { constantForm, quotientOf, type RealForm } from './real-form.js';
import type { Channel } from './values.js';

/** code = step * (clamp(round(x/divisor) + added) - base), or round(x/divisor + added) with `inside`. */
export interface CodeGrid {
  /** One for each channel, or one for all. */
  readonly divisors: readonly Dyadic[];
  readonly added: number;
  readonly inside: boolean;
  readonly round: Rounding;
  readonly base: number;
  /** 2: every other code is left out, so that there is one for the zero between two. */
  readonly step: number;
  /** Limits, zero and scales of the integer network's codes. */
  readonly lo: number;
  readonly hi: number;
  readonly zero: number;
  readonly scales: readonly Dyadic[];
}

interface ModelGrid
  extends Pick<CodeGrid, 'divisors' | 'added' | 'inside' | 'round' | 'lo' | 'hi' | 'zero' | 'scales'> {}

/**
 * @param padded some layer pads the tensor: its zero must be a code
 * @throws SystoleError network-unsupported
 */
export function codeGrid(quantizer: Quantizer, padded: boolean, where: string): CodeGrid {
  const model = modelGrid(quantizer, where);
  const { lo, hi, zero } = model;
  const base = Math.min(lo, Math.floor(zero));
  const step = padded && !Number.isInteger(zero) ? 2 : 1;
  if (step === 2 && (hi - lo > 1 || !Number.isInteger(2 * zero))) {
    throw new SystoleError('network-unsupported', 'a padded tensor has no code for zero', {
      where,
      expected: 'a whole zero point, or no more than two codes',
      actual: `a zero point of ${zero}, codes ${lo} to ${hi}`,
    });
  }
  const codeOf = (code: number): number => step * (code - base);
  const scales = model.scales.map((scale) => multiply(scale, dyadic(1 / step)));
  return { ...model, base, step, lo: codeOf(lo), hi: codeOf(hi), zero: codeOf(zero), scales };
}

function modelGrid(quantizer: Quantizer, where: string): ModelGrid {
  if (quantizer.kind === 'bipolar') {
    // Codes -1 and 0 around a zero of -1/2: the floor of x, clamped, is 0 from x = 0 on.
    const codes = { lo: -1, hi: 0, zero: -0.5, scales: [dyadic(2 * quantizer.scale)] };
    return { divisors: [dyadic(1)], added: 0, inside: false, round: 'floor', ...codes };
  }
  if (quantizer.kind === 'thresholds') {
    throw new SystoleError('network-unsupported', 'thresholds of a quantizer are not taken', { where });
  }
  const zero = quantizer.zero[0]!;
  if (!quantizer.zero.every((z) => z === zero)) {
    throw new SystoleError('network-unsupported', 'the channels of one tensor have zero points of their own', {
      where,
      expected: 'one zero point a tensor',
    });
  }
  const { lo, hi, round, zeroInside } = quantizer;
  const scales = Array.from(quantizer.scale, dyadic);
  return { divisors: scales, added: zero, inside: zeroInside, round, lo, hi, zero, scales };
}

/** The step function of one channel: its own clamps are codes, the quantizer being monotone. */
export function channelQuantizer(grid: CodeGrid, { form, bounds }: Channel, c: number): RealQuantizer {
  const limits = { lo: grid.lo, hi: grid.hi, least: grid.lo, most: grid.hi };
  const f = (x: RealForm): RealQuantizer => ({
    ...quotientOf(x, { scale: ofChannel(grid.divisors, c), zero: grid.added, base: grid.base }),
    ...{ round: grid.round, zero: (grid.inside ? 0 : grid.added) - grid.base, step: grid.step },
    ...limits,
  });
  const codeOf = (end: RealForm): number => evaluate(f(end), 0, 0);
  for (const { min, max } of bounds) {
    const low = min === null ? grid.lo : codeOf(min);
    const high = max === null ? grid.hi : codeOf(max);
    const clamp = (code: number): number => Math.min(high, Math.max(low, code));
    limits.least = clamp(limits.least);
    limits.most = clamp(limits.most);
  }
  return f(form);
}

/** The code of a real value. */
export function codeOfReal(grid: CodeGrid, real: number, c: number): number {
  return evaluate(channelQuantizer(grid, { form: constantForm(real), bounds: [] }, c), 0, 0);
}

export function ofChannel<T>(values: readonly T[], c: number): T {
  return values[values.length === 1 ? 0 : c]!;
}
