/** Parts of constants, and constants put together. */
import { mismatch } from '../import/refuse.js';
import { elementsOf } from '../import/value.js';
import { oneAxis } from '../operators/axes.js';
import type { FoldCall, ImportCall, NumericTensor } from '../operators/operator.js';
import { constantOperand, newConstant } from './tensor.js';

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
  const picks = gatheredIndices(call, indices.data, length);
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

/** Counted from the front. @throws SystoleError shape-mismatch for one outside the axis */
export function gatheredIndices(call: FoldCall | ImportCall, given: ArrayLike<number>, length: number): number[] {
  const counted = Array.from(given, (i) => (i < 0 ? i + length : i));
  const at = counted.findIndex((i) => !Number.isInteger(i) || i < 0 || i >= length);
  if (at < 0) return counted;
  throw mismatch(call, 'an index lies outside the tensor', {
    expected: `${-length}..${length - 1}`,
    actual: `${given[at]}`,
  });
}

/** Lengths along the axis: given, or equal but for the last. @throws SystoleError shape-mismatch */
export function splitLengths(
  call: FoldCall | ImportCall,
  length: number,
  given: readonly number[] | null,
): readonly number[] {
  const parts = call.attributes.has('num_outputs') ? call.attributes.int('num_outputs') : call.node.outputs.length;
  const each = Math.ceil(length / parts);
  const even = parts >= 1 && parts <= length ? parts : 0;
  const lengths = given ?? Array.from({ length: even }, (_, i) => Math.min(each, length - i * each));
  const sum = lengths.reduce((total, n) => total + n, 0);
  if (
    lengths.length >= call.node.outputs.length &&
    sum === length &&
    lengths.every((n) => Number.isInteger(n) && n > 0)
  )
    return lengths;
  throw mismatch(call, 'the parts do not make up the axis', {
    expected: `${call.node.outputs.length} parts of ${length} together`,
    actual: lengths.join(', '),
  });
}

export function foldSplit(call: FoldCall): NumericTensor[] {
  const data = constantOperand(call, 0);
  const axis = oneAxis(call, call.attributes.int('axis'), data.shape.length);
  const given = call.attributes.ints('split') ?? (call.inputs[1] ? [...call.inputs[1].data] : null);
  const inner = elementsOf(data.shape.slice(axis + 1));
  const outer = elementsOf(data.shape.slice(0, axis));
  let at = 0;
  return splitLengths(call, data.shape[axis]!, given).map((length) => {
    const result = newConstant(call, data.type, data.shape.with(axis, length));
    const run = length * inner;
    for (let o = 0; o < outer; o++) {
      const from = o * data.shape[axis]! * inner + at;
      result.data.set(data.data.subarray(from, from + run), o * run);
    }
    at += run;
    return result;
  });
}
