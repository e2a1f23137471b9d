/** Ranges of activation tensors from calibration: unsigned codes with an integer zero. */
import type { TensorStatistics } from './tensor-statistics.js';

export interface CodeRange {
  /** float32 */
  readonly scale: number;
  readonly zero: number;
}

const BINS = 1024;
/** Parts of the observed range tried as the range kept, on each side of zero. */
const UNSIGNED_PARTS = Array.from({ length: 128 }, (_, i) => 0.96 ** i);
const SIGNED_PARTS = Array.from({ length: 28 }, (_, i) => 0.88 ** i);
/** Rounds of fitting the scale to the codes it gives. */
const FITS = 4;
/** Below this a range is as good as none: its scale would be no usable float32. */
const SMALLEST_RANGE = 2 ** -80;
const LARGEST_SCALE = 2 ** 100;

/**
 * The scale and zero of least squared error for codes of `bits`; the range always holds zero.
 * @param held values that must not be clamped
 */
export function activationRange(statistics: TensorStatistics, bits: number, held: readonly number[] = []): CodeRange {
  const top = 2 ** bits - 1;
  const min = Math.min(0, statistics.min);
  const max = Math.max(0, statistics.max);
  if (max - min < SMALLEST_RANGE) return { scale: 1, zero: 0 };
  const bins = histogram(statistics.values, min, max);
  let best = rangeOf(min, max, top);
  let bestError = squaredError(bins, best, top);
  const consider = (range: CodeRange): void => {
    const reached = (x: number): boolean => Math.abs(x - range.scale * signedCode(x, range, top)) <= range.scale / 2;
    if (!held.every(reached)) return;
    const error = squaredError(bins, range, top);
    if (error < bestError) {
      best = range;
      bestError = error;
    }
  };
  const parts = (side: number): readonly number[] =>
    side === 0 ? [0] : min * max === 0 ? UNSIGNED_PARTS : SIGNED_PARTS;
  for (const below of parts(min)) for (const above of parts(max)) consider(rangeOf(min * below, max * above, top));
  for (let i = 0; i < FITS; i++) consider({ scale: fittedScale(bins, best, top), zero: best.zero });
  return best;
}

/** The input tensor: integers of 0..2^bits-1 are their own codes; else all of the observed range is kept. */
export function inputRange(statistics: TensorStatistics, bits: number): CodeRange {
  const top = 2 ** bits - 1;
  // Zeros and ones alone may as well be a dark picture of 0..1.
  if (statistics.integers && statistics.min >= 0 && statistics.max <= top && statistics.max > 1) {
    return { scale: 1, zero: 0 };
  }
  const min = Math.min(0, statistics.min);
  const max = Math.max(0, statistics.max);
  return max - min < SMALLEST_RANGE ? { scale: 1, zero: 0 } : rangeOf(min, max, top);
}

function rangeOf(min: number, max: number, top: number): CodeRange {
  const scale = usable((max - min) / top);
  return { scale, zero: Math.min(top, Math.max(0, Math.round(-min / scale))) };
}

function usable(scale: number): number {
  return Math.fround(Math.min(LARGEST_SCALE, Math.max(SMALLEST_RANGE, scale)));
}

/** Values by bins of equal width: how many, and their mean. Empty bins are left out. */
interface Bins {
  readonly counts: readonly number[];
  readonly means: readonly number[];
}

function histogram(values: Float32Array, min: number, max: number): Bins {
  const counts = new Float64Array(BINS);
  const sums = new Float64Array(BINS);
  const width = (max - min) / BINS;
  for (const x of values) {
    const bin = Math.min(BINS - 1, Math.floor((x - min) / width));
    counts[bin] = counts[bin]! + 1;
    sums[bin] = sums[bin]! + x;
  }
  const used = [...counts.keys()].filter((i) => counts[i]! > 0);
  return { counts: used.map((i) => counts[i]!), means: used.map((i) => sums[i]! / counts[i]!) };
}

function squaredError(bins: Bins, range: CodeRange, top: number): number {
  let error = 0;
  for (let i = 0; i < bins.means.length; i++) {
    const x = bins.means[i]!;
    error += bins.counts[i]! * (x - range.scale * signedCode(x, range, top)) ** 2;
  }
  return error;
}

/** The scale that fits the codes of the given range best. */
function fittedScale(bins: Bins, range: CodeRange, top: number): number {
  let cross = 0;
  let square = 0;
  for (let i = 0; i < bins.means.length; i++) {
    const q = signedCode(bins.means[i]!, range, top);
    cross += bins.counts[i]! * bins.means[i]! * q;
    square += bins.counts[i]! * q * q;
  }
  return square === 0 ? range.scale : usable(cross / square);
}

/** code - zero */
function signedCode(x: number, range: CodeRange, top: number): number {
  return Math.min(top - range.zero, Math.max(-range.zero, Math.round(x / range.scale)));
}
