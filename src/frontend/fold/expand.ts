import type { FoldCall } from '../operators/operator.js';
import { stridesOf } from './tensor.js';

/** For each value of `shape`, row major, the index of the one that is broadcast to it; 0 for one value for all. */
export function broadcastIndex(own: readonly number[], shape: readonly number[]): (i: number) => number {
  if (own.every((n) => n === 1)) return () => 0;
  const offset = shape.length - own.length;
  const ours = stridesOf(own);
  const all = stridesOf(shape);
  const moving = shape.flatMap((n, axis) =>
    axis < offset || own[axis - offset] === 1 ? [] : [{ n, ours: ours[axis - offset]!, all: all[axis]! }],
  );
  return (i) => moving.reduce((at, axis) => at + (Math.floor(i / axis.all) % axis.n) * axis.ours, 0);
}

/** One for each value, or one for all as it is. */
export function expanded(
  call: FoldCall,
  data: Float32Array,
  own: readonly number[],
  shape: readonly number[],
  elements: number,
): Float32Array {
  if (data.length === 1) return data;
  call.reserve(elements * Float32Array.BYTES_PER_ELEMENT);
  const index = broadcastIndex(own, shape);
  return Float32Array.from({ length: elements }, (_, i) => data[index(i)]!);
}
