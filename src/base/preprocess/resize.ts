/**
 * Resizing two axes of a dense array with half-pixel centres, as integers fix it: output index i of n lies at
 * ((2i + 1)*m - n) / 2n of m input samples.
 */

/** An array seen as [outer][height][middle][width][inner]. */
export interface ResizeShape {
  readonly outer: number;
  readonly height: number;
  readonly middle: number;
  readonly width: number;
  readonly inner: number;
}

/** The two samples an output index lies between, and how far it is from the first, a float32 in [0, 1). */
export interface Tap {
  readonly low: number;
  readonly high: number;
  readonly part: number;
}

/** Nearest: floor((2i + 1)*m / 2n), always the one sample (part 0). */
export function nearestTaps(from: number, to: number): Tap[] {
  return Array.from({ length: to }, (_, i) => {
    const low = Math.floor(((2 * i + 1) * from) / (2 * to));
    return { low, high: low, part: 0 };
  });
}

/** Linear between the two neighbours; the ends are held outside the first and last sample's centre. */
export function linearTaps(from: number, to: number): Tap[] {
  return Array.from({ length: to }, (_, i) => {
    const numerator = Math.max(0, (2 * i + 1) * from - to);
    const low = Math.min(from - 1, Math.floor(numerator / (2 * to)));
    const high = Math.min(from - 1, low + 1);
    return { low, high, part: Math.fround((numerator - 2 * to * low) / (2 * to)) };
  });
}

/**
 * Along the width first, then the height: a + (b - a)*t, each operation rounded to float32.
 * @param data [outer][height][middle][width][inner]
 * @returns [outer][rows.length][middle][columns.length][inner]
 */
export function resample(
  data: Float32Array,
  shape: ResizeShape,
  rows: readonly Tap[],
  columns: readonly Tap[],
): Float32Array<ArrayBuffer> {
  const { outer, height, middle, width, inner } = shape;
  const wide = resampleAxis(data, { before: outer * height * middle, length: width, after: inner }, columns);
  return resampleAxis(wide, { before: outer, length: height, after: middle * columns.length * inner }, rows);
}

function resampleAxis(
  data: Float32Array,
  { before, length, after }: { before: number; length: number; after: number },
  taps: readonly Tap[],
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(before * taps.length * after);
  for (let b = 0; b < before; b++) {
    taps.forEach(({ low, high, part }, i) => {
      const first = (b * length + low) * after;
      const second = (b * length + high) * after;
      const to = (b * taps.length + i) * after;
      for (let a = 0; a < after; a++) out[to + a] = mix(data[first + a]!, data[second + a]!, part);
    });
  }
  return out;
}

function mix(a: number, b: number, t: number): number {
  return Math.fround(a + Math.fround(Math.fround(b - a) * t));
}
