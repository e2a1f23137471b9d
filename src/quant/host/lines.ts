/** What the host does along one axis. */
import type { Shape } from '../../frontend/graph.js';
import type { ReduceFunction } from '../../frontend/host-step.js';

/** Applies f to every line along the axis; each of its results has one length for all lines. */
export function onLines(
  values: Float32Array,
  shape: Shape,
  axis: number,
  f: (line: Float32Array) => readonly Float32Array[],
): Float32Array[] {
  const length = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = values.length / length / inner;
  const line = new Float32Array(length);
  const results: Float32Array[] = [];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      for (let k = 0; k < length; k++) line[k] = values[(o * length + k) * inner + i]!;
      for (const [j, made] of f(line).entries()) {
        results[j] ??= new Float32Array(outer * made.length * inner);
        const out = results[j]!;
        for (let k = 0; k < made.length; k++) out[(o * made.length + k) * inner + i] = made[k]!;
      }
    }
  }
  return results;
}

export function softmax(line: Float32Array): Float32Array {
  const { powers, sum } = powersOf(line);
  return powers.map((p) => Math.fround(p / sum));
}

export function logSoftmax(line: Float32Array): Float32Array {
  const { most, sum } = powersOf(line);
  const log = Math.fround(Math.log(sum));
  return line.map((x) => Math.fround(Math.fround(x - most) - log));
}

function powersOf(line: Float32Array): { most: number; powers: Float32Array; sum: number } {
  const most = line.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = line.map((x) => Math.fround(Math.exp(Math.fround(x - most))));
  return { most, powers, sum: powers.reduce((a, b) => Math.fround(a + b), 0) };
}

/** The first index of the largest value. */
export function argmax(line: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < line.length; i++) if (line[i]! > line[best]!) best = i;
  return best;
}

/** The first index of the smallest value. */
export function argmin(line: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < line.length; i++) if (line[i]! < line[best]!) best = i;
  return best;
}

/** Values, and their indices. */
export function topK(line: Float32Array, count: number, largest: boolean): [Float32Array, Float32Array] {
  const sign = largest ? -1 : 1;
  const order = Array.from(line.keys()).sort((a, b) => sign * (line[a]! - line[b]!) || a - b);
  const indices = Float32Array.from(order.slice(0, count));
  return [indices.map((i) => line[i]!), indices];
}

export function reduceLine(fn: ReduceFunction, line: Float32Array): number {
  switch (fn) {
    case 'sum':
      return sumOf(line);
    case 'mean':
      return Math.fround(sumOf(line) / line.length);
    case 'max':
      return line[argmax(line)]!;
    case 'min':
      return line[argmin(line)]!;
  }
}

function sumOf(line: Float32Array): number {
  return line.reduce((a, b) => Math.fround(a + b), 0);
}
