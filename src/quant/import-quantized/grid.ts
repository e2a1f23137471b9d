/** A model's activation quantizer -> unsigned codes of the integer network. */
import { SystoleError } from '../../base/error.js';
import type { BipolarQuantizer, Quantizer, Rounding, UniformQuantizer } from '../../frontend/graph.js';
import { quantizedCode } from '../../frontend/quantizer.js';
import { type Dyadic, dyadic, multiply } from '../rational.js';
import { thresholdGrid } from './threshold-grid.js';
import type { Coded } from './values.js';

/** code = step * (clamp(round((x - shift)/divisor) + added) - base), or round((x - shift)/divisor + added) with `inside`. */
export interface CodeGrid {
  /** Each list: one for each channel, or one for all. */
  readonly shifts: readonly Dyadic[];
  readonly divisors: readonly Dyadic[];
  readonly added: readonly number[];
  readonly inside: boolean;
  readonly round: Rounding;
  readonly base: number;
  /** 2: every other code is left out, so that there is one for the zero between two. */
  readonly step: number;
  /** Limits, zeros and scales of the integer network's codes. */
  readonly lo: number;
  readonly hi: number;
  readonly zeros: readonly number[];
  readonly scales: readonly Dyadic[];
  /** Where codes do not begin at even distances: the values from which on each does, by channel. */
  readonly rows: readonly Float32Array[] | null;
  /** Values of the grid stay what they are. */
  readonly settles: boolean;
  /** The code of a float32 value, in float32 as the model computes it. */
  codeOf(x: number, channel: number): number;
}

/** Steps are compared code by code; those of sums before their lowest bits are dropped are the most. */
const MOST_CODES = 2 ** 24;

/** In the model's own codes. */
export interface ModelGrid extends Omit<CodeGrid, 'base' | 'step'> {}

/**
 * @param padded some layer pads the tensor, or multiplies it with another: its zero should be a code
 * @throws SystoleError network-unsupported
 */
export function codeGrid(quantizer: Quantizer, padded: boolean, where: string): CodeGrid {
  const model = modelGrid(quantizer, where);
  const { lo, hi, zeros } = model;
  if (hi - lo >= MOST_CODES) {
    throw new SystoleError('network-unsupported', 'a quantizer has no range, or one of too many codes', {
      where,
      expected: `less than ${MOST_CODES} codes`,
      actual: `${lo} to ${hi}`,
      hint: 'put a Clip behind it that says which codes are meant',
    });
  }
  const base = Math.min(lo, ...zeros.map(Math.floor));
  const halves = zeros.length === 1 && !Number.isInteger(zeros[0]) && Number.isInteger(2 * zeros[0]!);
  const step = padded && halves && hi - lo <= 1 ? 2 : 1;
  const codeOf = (code: number): number => step * (code - base);
  return {
    ...model,
    ...{ base, step, lo: codeOf(lo), hi: codeOf(hi), zeros: zeros.map(codeOf) },
    scales: model.scales.map((scale) => multiply(scale, dyadic(1 / step))),
    codeOf: (x, c) => codeOf(model.codeOf(x, c)),
  };
}

/** The grid on which a tensor's codes already are. */
export function ownGrid({ scales, zero, most }: Coded): CodeGrid {
  return {
    ...{ shifts: [dyadic(0)], divisors: scales, added: [zero], inside: true, round: 'half-even' },
    ...{ lo: 0, hi: most, base: 0, step: 1, zeros: [zero], scales, rows: null, settles: true },
    codeOf: () => Number.NaN,
  };
}

function modelGrid(quantizer: Quantizer, where: string): ModelGrid {
  switch (quantizer.kind) {
    case 'bipolar':
      return bipolarGrid(quantizer);
    case 'thresholds':
      return thresholdGrid(quantizer, where);
    case 'uniform':
      return uniformGrid(quantizer);
  }
}

/** Codes -1 and 0 around a zero of -1/2: the floor of x, clamped, is 0 from x = 0 on. */
function bipolarGrid({ scale }: BipolarQuantizer): ModelGrid {
  return {
    ...{ shifts: [dyadic(0)], divisors: [dyadic(1)], added: [0], inside: false, round: 'floor' },
    ...{ lo: -1, hi: 0, zeros: [-0.5], scales: [dyadic(2 * scale)], rows: null, settles: true },
    codeOf: (x) => (x >= 0 ? 0 : -1),
  };
}

function uniformGrid(quantizer: UniformQuantizer): ModelGrid {
  const { lo, hi, round, zeroInside: inside } = quantizer;
  const scales = Array.from(quantizer.scale, dyadic);
  const zeros = quantizer.zero.every((z) => z === quantizer.zero[0]) ? [quantizer.zero[0]!] : [...quantizer.zero];
  return {
    ...{ shifts: [dyadic(0)], divisors: scales, added: zeros, inside, round, lo, hi, zeros, scales, rows: null },
    settles: true,
    codeOf: (x, c) => quantizedCode(quantizer, c, x),
  };
}

export function ofChannel<T>(values: readonly T[], c: number): T {
  return values[values.length === 1 ? 0 : c]!;
}
