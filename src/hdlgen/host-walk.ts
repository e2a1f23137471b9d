/** Walks through two arrays at once, as the C driver takes them: axes of size 1 left out, those that run on put together. */
import { SystoleError } from '../base/error.js';
import type { Shape } from '../frontend/graph.js';

export interface Walk {
  readonly size: readonly number[];
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly aStart: number;
  readonly bStart: number;
}

/** Axes of an order or a walk in the C driver (SYSTOLE_AXES). */
export const MOST_AXES = 8;

/** @throws SystoleError network-unsupported for too many axes */
export function walkOf(
  size: Shape,
  a: readonly number[],
  b: readonly number[],
  { aStart = 0, bStart = 0 }: { readonly aStart?: number; readonly bStart?: number } = {},
): Walk {
  const kept: { size: number; a: number; b: number }[] = [];
  for (const [axis, n] of size.entries()) {
    if (n === 1) continue;
    const next = { size: n, a: a[axis]!, b: b[axis]! };
    const last = kept.at(-1);
    if (last !== undefined && last.a === n * next.a && last.b === n * next.b) {
      kept[kept.length - 1] = { ...next, size: last.size * n };
    } else {
      kept.push(next);
    }
  }
  if (kept.length > MOST_AXES) {
    throw new SystoleError('network-unsupported', 'a step of the host has too many axes', {
      expected: `at most ${MOST_AXES}`,
      actual: `${kept.length}`,
    });
  }
  const axes = kept.length === 0 ? [{ size: 1, a: 0, b: 0 }] : kept;
  const list = (of: 'size' | 'a' | 'b'): number[] => axes.map((axis) => axis[of]);
  return { size: list('size'), a: list('a'), b: list('b'), aStart, bStart };
}

/** Of a whole array in row order. */
export function strides(shape: Shape): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((x, y) => x * y, 1));
}

/** Of an array of `from` read as one of `shape`, by NumPy's broadcasting. */
export function broadcastStrides(from: Shape, shape: Shape): number[] {
  const own = strides(from);
  return shape.map((_, axis) => {
    const at = axis - shape.length + from.length;
    return at < 0 || from[at] === 1 ? 0 : own[at]!;
  });
}

/** Another order of values: element (i, j, ...) of `size`, in row order, is the one at i*stride[0] + j*stride[1] + ... */
export interface ValueOrder {
  readonly size: readonly number[];
  readonly stride: readonly number[];
}

/** Axis i of the result is axis permutation[i] of an array of `shape`. @throws SystoleError network-unsupported */
export function orderOf(shape: Shape, permutation: readonly number[]): ValueOrder {
  const own = strides(shape);
  const size = permutation.map((axis) => shape[axis]!);
  const walk = walkOf(
    size,
    permutation.map((axis) => own[axis]!),
    strides(size),
  );
  return { size: walk.size, stride: walk.a };
}
