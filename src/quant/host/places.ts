/** The host's steps that only move values. */
import { transpose } from '../../base/transpose.js';
import type { Constant, Shape } from '../../frontend/graph.js';

export function permuted({ data, shape }: Constant, permutation: readonly number[]): Float32Array {
  return transpose(data, shape, permutation) as Float32Array;
}

export function concatenated(parts: readonly Constant[], axis: number): Float32Array {
  const total = parts.reduce((sum, { data }) => sum + data.length, 0);
  const outer = elements(parts[0]!.shape.slice(0, axis));
  const made = new Float32Array(total);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const { data } of parts) {
      const run = data.length / outer;
      made.set(data.subarray(o * run, (o + 1) * run), at);
      at += run;
    }
  }
  return made;
}

/** @param made shape of the result */
export function sliced(
  { data, shape }: Constant,
  starts: readonly number[],
  steps: readonly number[],
  made: Shape,
): Float32Array {
  let indices = Uint32Array.of(0);
  for (const [axis, n] of made.entries()) {
    const stride = elements(shape.slice(axis + 1));
    const next = new Uint32Array(indices.length * n);
    for (let i = 0, to = 0; i < indices.length; i++) {
      for (let k = 0; k < n; k++) next[to++] = indices[i]! + (starts[axis]! + k * steps[axis]!) * stride;
    }
    indices = next;
  }
  return Float32Array.from(indices, (from) => data[from]!);
}

export function gathered({ data, shape }: Constant, axis: number, indices: readonly number[]): Float32Array {
  const [outer, length, inner] = [elements(shape.slice(0, axis)), shape[axis]!, elements(shape.slice(axis + 1))];
  const made = new Float32Array(outer * indices.length * inner);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const index of indices) {
      const from = (o * length + index) * inner;
      made.set(data.subarray(from, from + inner), at);
      at += inner;
    }
  }
  return made;
}

function elements(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}
