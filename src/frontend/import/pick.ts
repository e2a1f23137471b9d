/** Slices, repetitions and other choices of indices along axes of a value. */
import type { ImportCall } from '../operators/operator.js';
import { type Digit, digitOf, resizedMap, resizedValue } from './digit.js';
import { extentOf, type MapAxis } from './layout.js';
import { emitPicked } from './placement.js';
import type { MapTensor, MapValue } from './value.js';

export interface AxisPick {
  readonly axis: number;
  /** For each index of the result along the axis that of the value. */
  readonly list: readonly number[];
}

/**
 * The value with these indices alone. null where an axis is no digit of the map that can be cut so.
 * @throws SystoleError operator-limit where too many parts would move
 */
export function pickedValue(call: ImportCall, value: MapValue, picks: readonly AxisPick[]): MapValue | null {
  let result = value;
  const lists: { [axis in MapAxis]?: readonly number[] } = {};
  for (const { axis, list } of picks) {
    if (list.length === value.shape[axis] && list.every((index, i) => index === i)) continue;
    const digit = digitOf(call, result, axis);
    const own = digit && digitList(digit, list);
    if (digit === null || own === null) return null;
    const map = result.tensor;
    const before = lists[digit.axis];
    const along = alongMap(digit, own, extentOf(map, digit.axis));
    lists[digit.axis] = before === undefined ? along : along.map((index) => before[index]!);
    const made: MapTensor = { ...map, ...resizedMap(map, digit, own.length) };
    result = resizedValue(result, axis, digit, own.length, made);
  }
  if (Object.keys(lists).length === 0) return value;
  const tensor = emitPicked(call, value.tensor, lists);
  return { ...result, tensor };
}

/** The digit's own indices, where each stands for all indices inside it. */
function digitList(digit: Digit, list: readonly number[]): number[] | null {
  const { inner } = digit;
  if (list.length % inner !== 0) return null;
  const aligned = list.every(
    (index, i) => index % inner === i % inner && index - (i % inner) === list[i - (i % inner)],
  );
  return aligned ? list.filter((_, i) => i % inner === 0).map((index) => index / inner) : null;
}

/** Indices along the axis of the map. */
function alongMap({ size, stride }: Digit, list: readonly number[], extent: number): number[] {
  const block = size * stride;
  return Array.from({ length: extent / block }, (_, outer) => outer * block).flatMap((start) =>
    list.flatMap((index) => Array.from({ length: stride }, (_, inner) => start + index * stride + inner)),
  );
}
