/** Ranges of activation tensors from calibration: unsigned codes with an integer zero. */
import type { TensorStatistics } from './calibrate.js';

export interface CodeRange {
  /** float32 */
  readonly scale: number;
  readonly zero: number;
}

/** Fractions of the observed range tried; the squared error on the kept values decides. */
const FRACTIONS = Array.from({ length: 41 }, (_, i) => 1 - i * 0.02);

/** The scale and zero of least squared error for codes of `bits`; the range always holds zero. */
export function activationRange(statistics: TensorStatistics, bits: number): CodeRange {
  const top = 2 ** bits - 1;
  const min = Math.min(0, statistics.min);
  const max = Math.max(0, statistics.max);
  if (max === min) return { scale: 1, zero: 0 };
  let best: CodeRange | null = null;
  let bestError = Number.POSITIVE_INFINITY;
  for (const fraction of FRACTIONS) {
    const scale = Math.fround(((max - min) * fraction) / top);
    const range = { scale, zero: Math.min(top, Math.max(0, Math.round(-(min * fraction) / scale))) };
    const error = squaredError(statistics.values, range, top);
    if (error < bestError) {
      best = range;
      bestError = error;
    }
  }
  return best!;
}

/** The input tensor: integers of 0..2^bits-1 are their own codes. */
export function inputRange(statistics: TensorStatistics, bits: number): CodeRange {
  if (statistics.integers && statistics.min >= 0 && statistics.max < 2 ** bits && statistics.max > 1) {
    return { scale: 1, zero: 0 };
  }
  const top = 2 ** bits - 1;
  const min = Math.min(0, statistics.min);
  const max = Math.max(0, statistics.max);
  if (max === min) return { scale: 1, zero: 0 };
  const scale = Math.fround((max - min) / top);
  return { scale, zero: Math.min(top, Math.max(0, Math.round(-min / scale))) };
}

function squaredError(values: Float32Array, range: CodeRange, top: number): number {
  let error = 0;
  for (const x of values) {
    const code = Math.min(top, Math.max(0, Math.round(x / range.scale) + range.zero));
    error += (x - range.scale * (code - range.zero)) ** 2;
  }
  return error;
}
