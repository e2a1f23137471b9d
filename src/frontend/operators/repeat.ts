/** Expand and Tile: values again at further places. */
import { broadcastIndex } from '../fold/expand.js';
import { constantOperand, integersOf, newConstant } from '../fold/tensor.js';
import { anyMapOperand, optionalConstant } from '../import/operands.js';
import { broadcastShape } from '../import/per-channel.js';
import { checkLength, limit, mismatch } from '../import/refuse.js';
import type { Value } from '../import/value.js';
import { type FoldCall, type ImportCall, type NumericTensor, onnxOperator } from './operator.js';
import { pickedOrRefused } from './pieces.js';

export const EXPAND = onnxOperator('Expand', {
  inputs: [2, 2],
  attributes: {},
  fold: (call) => {
    const data = constantOperand(call, 0);
    const shape = expandedShape(call, data.shape, integersOf(call, 1));
    const index = broadcastIndex(data.shape, shape);
    return repeated(call, data, shape, index);
  },
  import: importExpand,
});

function expandedShape(call: FoldCall | ImportCall, own: readonly number[], wanted: readonly number[]): number[] {
  const shape = broadcastShape(own, wanted);
  if (shape?.every((n) => Number.isInteger(n) && n > 0)) return shape;
  throw mismatch(call, 'the tensor does not expand to this shape', {
    actual: `${own.join('x')} to ${wanted.join('x')}`,
  });
}

function importExpand(call: ImportCall): Value[] {
  const value = anyMapOperand(call, 0);
  const wanted = shapeOperand(call, 'the shape');
  const { batch } = call.state;
  const one = wanted[0] === batch && wanted.length === value.shape.length ? wanted.with(0, 1) : wanted;
  const shape = expandedShape(call, value.shape, one);
  const own = [...new Array<number>(shape.length - value.shape.length).fill(1), ...value.shape];
  for (const count of shape) checkLength(call, count);
  const picks = shape.flatMap((count, axis) =>
    count === own[axis] ? [] : [{ axis, list: new Array<number>(count).fill(0) }],
  );
  return [pickedOrRefused(call, { ...value, shape: own }, picks)];
}

export const TILE = onnxOperator('Tile', {
  inputs: [2, 2],
  attributes: {},
  fold: (call) => {
    const data = constantOperand(call, 0);
    const { shape } = data;
    const repeats = checkedRepeats(call, shape.length, integersOf(call, 1));
    const made = shape.map((n, axis) => n * repeats[axis]!);
    const index = (i: number): number => {
      let [rest, at, stride] = [i, 0, 1];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += ((rest % made[axis]!) % shape[axis]!) * stride;
        rest = Math.floor(rest / made[axis]!);
        stride *= shape[axis]!;
      }
      return at;
    };
    return repeated(call, data, made, index);
  },
  import: (call) => {
    const value = anyMapOperand(call, 0);
    const repeats = checkedRepeats(call, value.shape.length, shapeOperand(call, 'the repeats'));
    for (const [axis, n] of value.shape.entries()) checkLength(call, n * repeats[axis]!);
    const picks = value.shape.flatMap((n, axis) =>
      repeats[axis] === 1 ? [] : [{ axis, list: Array.from({ length: n * repeats[axis]! }, (_, i) => i % n) }],
    );
    return [pickedOrRefused(call, value, picks)];
  },
});

function checkedRepeats(call: FoldCall | ImportCall, rank: number, repeats: readonly number[]): readonly number[] {
  if (repeats.length === rank && repeats.every((n) => Number.isInteger(n) && n > 0)) return repeats;
  throw mismatch(call, 'there is not one number of repeats for each axis', { actual: repeats.join(', ') });
}

function shapeOperand(call: ImportCall, what: string): readonly number[] {
  const constant = optionalConstant(call, 1, what);
  if (constant !== null) return [...constant.data];
  throw limit(call, `${what} must be a constant`);
}

function repeated(
  call: FoldCall,
  data: NumericTensor,
  shape: readonly number[],
  index: (i: number) => number,
): NumericTensor {
  const result = newConstant(call, data.type, shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = data.data[index(i)]!;
  return result;
}
