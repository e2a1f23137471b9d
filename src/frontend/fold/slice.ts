/** What a Slice takes, of constants and of maps. */
import { limit, mismatch } from '../import/refuse.js';
import { axisList } from '../operators/axes.js';
import type { FoldCall, ImportCall, NumericTensor } from '../operators/operator.js';
import { constantOperand, integersOf, newConstant, stridesOf } from './tensor.js';

export interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

export function foldSlice(call: FoldCall): NumericTensor {
  const data = constantOperand(call, 0);
  const { shape } = data;
  const ranges = sliceRanges(call, shape, (index) => (call.inputs[index] ? integersOf(call, index) : null));
  const result = newConstant(
    call,
    data.type,
    ranges.map(({ count }) => count),
  );
  const strides = stridesOf(shape);
  const count = ranges.map(() => 0);
  let from = ranges.reduce((sum, { start }, axis) => sum + start * strides[axis]!, 0);
  for (let i = 0; i < result.data.length; i++) {
    result.data[i] = data.data[from]!;
    for (let axis = ranges.length - 1; axis >= 0; axis--) {
      const step = ranges[axis]!.step * strides[axis]!;
      count[axis]! += 1;
      from += step;
      if (count[axis]! < ranges[axis]!.count) break;
      from -= count[axis]! * step;
      count[axis] = 0;
    }
  }
  return result;
}

/**
 * The range along every axis: attributes before operator set 10, inputs from it on.
 * @param read the integers of an input; null where it is left out
 */
export function sliceRanges(
  call: FoldCall | ImportCall,
  shape: readonly number[],
  read: (index: number) => readonly number[] | null,
): Range[] {
  const { attributes } = call;
  const starts = attributes.ints('starts') ?? read(1) ?? [];
  const ends = attributes.ints('ends') ?? read(2) ?? [];
  const given = attributes.ints('axes') ?? read(3);
  const axes = axisList(call, given ?? starts.map((_, i) => i), shape.length);
  const steps = read(4) ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw mismatch(call, 'starts, ends, axes and steps are not of one length');
  }
  if (steps.includes(0)) throw limit(call, 'a step of 0');
  const ranges = shape.map((count): Range => ({ start: 0, step: 1, count }));
  for (const [i, axis] of axes.entries()) ranges[axis] = rangeOf(shape[axis]!, starts[i]!, ends[i]!, steps[i]!);
  return ranges;
}

/** NumPy's rule: negative positions count from the end, positions beyond it are cut. */
function rangeOf(length: number, start: number, end: number, step: number): Range {
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const place = (at: number): number => Math.min(high, Math.max(low, at < 0 ? at + length : at));
  const first = step > 0 ? place(start) : Math.max(0, place(start));
  return { start: first, step, count: Math.max(0, Math.ceil((place(end) - first) / step)) };
}
