/** Parts of constants, and constants put together. */
import { limit, mismatch } from '../import/refuse.js';
import { elementsOf } from '../import/value.js';
import { axisList, oneAxis } from '../operators/axes.js';
import type { FoldCall, NumericTensor } from '../operators/operator.js';
import { constantOperand, integersOf, newConstant, stridesOf } from './tensor.js';

export function foldConcat(call: FoldCall): NumericTensor {
  const parts = call.inputs.map((_, i) => constantOperand(call, i));
  const first = parts[0]!;
  const axis = oneAxis(call, call.attributes.int('axis'), first.shape.length);
  const others = (shape: readonly number[]): string => shape.toSpliced(axis, 1).join('x');
  const odd = parts.find(
    (part) =>
      part.type !== first.type ||
      part.shape.length !== first.shape.length ||
      others(part.shape) !== others(first.shape),
  );
  if (odd !== undefined) {
    throw mismatch(call, 'constants that do not go together are joined', {
      actual: `${first.shape.join('x')} and ${odd.shape.join('x')}`,
    });
  }
  const length = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const result = newConstant(call, first.type, first.shape.with(axis, length));
  const inner = elementsOf(first.shape.slice(axis + 1));
  const outer = elementsOf(first.shape.slice(0, axis));
  let at = 0;
  for (const part of parts) {
    const run = part.shape[axis]! * inner;
    for (let o = 0; o < outer; o++) {
      result.data.set(part.data.subarray(o * run, (o + 1) * run), o * length * inner + at);
    }
    at += run;
  }
  return result;
}

/** Values along one axis picked by index; the axis is replaced by the shape of the indices. */
export function foldGather(call: FoldCall): NumericTensor {
  const data = constantOperand(call, 0);
  const indices = constantOperand(call, 1);
  const axis = oneAxis(call, call.attributes.int('axis'), data.shape.length);
  const length = data.shape[axis]!;
  const picks = Array.from(indices.data, (i) => (i < 0 ? i + length : i));
  const outside = picks.find((i) => !Number.isInteger(i) || i < 0 || i >= length);
  if (outside !== undefined) {
    throw mismatch(call, 'an index lies outside the constant', {
      expected: `${-length}..${length - 1}`,
      actual: `${outside}`,
    });
  }
  const shape = [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
  const result = newConstant(call, data.type, shape);
  const inner = elementsOf(data.shape.slice(axis + 1));
  const outer = elementsOf(data.shape.slice(0, axis));
  for (let o = 0; o < outer; o++) {
    for (const [k, pick] of picks.entries()) {
      const from = (o * length + pick) * inner;
      result.data.set(data.data.subarray(from, from + inner), (o * picks.length + k) * inner);
    }
  }
  return result;
}

interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

export function foldSlice(call: FoldCall): NumericTensor {
  const data = constantOperand(call, 0);
  const { shape } = data;
  const { starts, ends, axes, steps } = sliceOf(call, shape.length);
  const ranges: Range[] = shape.map((count) => ({ start: 0, step: 1, count }));
  for (const [i, axis] of axes.entries()) ranges[axis] = rangeOf(shape[axis]!, starts[i]!, ends[i]!, steps[i]!);
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

/** Attributes before operator set 10, inputs from it on. */
function sliceOf(call: FoldCall, rank: number) {
  const starts = call.attributes.ints('starts') ?? integersOf(call, 1);
  const ends = call.attributes.ints('ends') ?? integersOf(call, 2);
  const given = call.attributes.ints('axes') ?? (call.inputs[3] ? integersOf(call, 3) : null);
  const axes = axisList(call, given ?? starts.map((_, i) => i), rank);
  const steps = call.inputs[4] ? integersOf(call, 4) : starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw mismatch(call, 'starts, ends, axes and steps are not of one length');
  }
  if (steps.includes(0)) throw limit(call, 'a step of 0');
  return { starts, ends, axes, steps };
}

/** NumPy's rule: negative positions count from the end, positions beyond it are cut. */
function rangeOf(length: number, start: number, end: number, step: number): Range {
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const place = (at: number): number => Math.min(high, Math.max(low, at < 0 ? at + length : at));
  const first = step > 0 ? place(start) : Math.max(0, place(start));
  return { start: first, step, count: Math.max(0, Math.ceil((place(end) - first) / step)) };
}
