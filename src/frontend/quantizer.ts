/** What the quantizers of a graph do to single values, in float32, operation by operation. */
import type { Quantizer, Rounding, ThresholdQuantizer, UniformQuantizer } from './graph.js';

/** The value of x, of channel `channel`, on the quantizer's grid. */
export function quantizedValue(quantizer: Quantizer, channel: number, x: number): number {
  if (quantizer.kind === 'bipolar') return x >= 0 ? quantizer.scale : -quantizer.scale;
  if (quantizer.kind === 'thresholds') {
    const passed = thresholdsPassed(quantizer, channel, x);
    return Math.fround(Math.fround(passed * quantizer.scale) + quantizer.bias);
  }
  const { scale, zero } = channelOf(quantizer, channel);
  return Math.fround(scale * Math.fround(quantizedCode(quantizer, channel, x) - zero));
}

export function quantizedCode(quantizer: UniformQuantizer, channel: number, x: number): number {
  const { lo, hi, round, zeroInside } = quantizer;
  const { scale, zero } = channelOf(quantizer, channel);
  const steps = Math.fround(x / scale);
  const code = zeroInside ? rounded(round, Math.fround(steps + zero)) : rounded(round, steps) + zero;
  return Math.min(hi, Math.max(lo, code));
}

/** How many thresholds of the channel x reaches: the rows ascend, so those are the first ones. */
export function thresholdsPassed({ thresholds }: ThresholdQuantizer, channel: number, x: number): number {
  const row = thresholds[thresholds.length === 1 ? 0 : channel]!;
  let [low, high] = [0, row.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x >= row[middle]!) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** That of QuantizeLinear. */
export function linearQuantizer(
  scale: Float32Array,
  zero: Float32Array,
  [lo, hi]: readonly [number, number],
): UniformQuantizer {
  return { kind: 'uniform', scale, zero, lo, hi, round: 'half-even', zeroInside: false };
}

export function channelOf(
  { scale, zero }: UniformQuantizer,
  channel: number,
): { readonly scale: number; readonly zero: number } {
  return { scale: scale[scale.length === 1 ? 0 : channel]!, zero: zero[zero.length === 1 ? 0 : channel]! };
}

/** x as an integer; infinities stay. */
export function rounded(round: Rounding, x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest === 0 || !Number.isFinite(x)) return x;
  return floor + (goesUp(round, x, floor, rest) ? 1 : 0);
}

/** Whether x, between two integers, becomes the upper one. */
function goesUp(round: Rounding, x: number, floor: number, rest: number): boolean {
  switch (round) {
    case 'floor':
      return false;
    case 'ceil':
      return true;
    case 'to-zero':
      return x < 0;
    case 'away':
      return x > 0;
    case 'half-even':
      return rest === 0.5 ? floor % 2 !== 0 : rest > 0.5;
    case 'half-up':
      return rest >= 0.5;
    case 'half-down':
      return rest > 0.5;
    case 'half-away':
      return rest === 0.5 ? x > 0 : rest > 0.5;
    case 'half-to-zero':
      return rest === 0.5 ? x < 0 : rest > 0.5;
  }
}
