import type { CodeTensor, WeightArray } from './network.js';
import type { AccRange } from './steps.js';

/**
 * Exact reachable range of each channel's accumulator from its real weights, for codes 0 .. mostCode at every tap.
 * @param weights [channels][taps]
 */
export function accRanges(weights: WeightArray, channels: number, mostCode: number): AccRange[] {
  const taps = weights.length / channels;
  return Array.from({ length: channels }, (_, c) => {
    let negative = 0;
    let positive = 0;
    for (let t = c * taps; t < (c + 1) * taps; t++) {
      const w = weights[t]!;
      if (w < 0) negative += w;
      else positive += w;
    }
    return { min: mostCode * negative, max: mostCode * positive };
  });
}

/** Exact reachable range of (a - zero of a) * (b - zero of b), for any codes. */
export function productRange(a: CodeTensor, b: CodeTensor): AccRange {
  const ends = ({ bits, zero }: CodeTensor) => [-zero, 2 ** bits - 1 - zero];
  const products = ends(a).flatMap((x) => ends(b).map((y) => x * y + 0));
  return { min: Math.min(...products), max: Math.max(...products) };
}

export function widestRange(ranges: readonly AccRange[]): AccRange {
  return {
    min: ranges.reduce((least, r) => Math.min(least, r.min), 0),
    max: ranges.reduce((most, r) => Math.max(most, r.max), 0),
  };
}
