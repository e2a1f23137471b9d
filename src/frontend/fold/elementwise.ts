import { broadcastShape } from '../import/per-channel.js';
import { limit, mismatch } from '../import/refuse.js';
import type { FoldCall, NumericTensor } from '../operators/operator.js';
import { constantOperand, newConstant, stridesOf } from './tensor.js';

type Binary = (a: number, b: number) => number;

/** Floats are rounded to float32, as ONNX Runtime does. */
export function foldBinary(call: FoldCall, floats: Binary, ints: Binary): NumericTensor {
  const a = constantOperand(call, 0);
  const b = constantOperand(call, 1);
  const shape = broadcastShape(a.shape, b.shape);
  if (shape === null || a.type !== b.type) {
    throw mismatch(call, 'two constants do not go together', {
      actual: `${a.shape.join('x')} ${a.type} and ${b.shape.join('x')} ${b.type}`,
    });
  }
  const result = newConstant(call, a.type, shape);
  const f = a.type === 'float' ? floats : ints;
  const [stepsA, stepsB] = [stepsOver(a.shape, shape), stepsOver(b.shape, shape)];
  const count = shape.map(() => 0);
  for (let i = 0, fromA = 0, fromB = 0; i < result.data.length; i++) {
    result.data[i] = f(a.data[fromA]!, b.data[fromB]!);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      count[axis]! += 1;
      fromA += stepsA[axis]!;
      fromB += stepsB[axis]!;
      if (count[axis]! < shape[axis]!) break;
      fromA -= count[axis]! * stepsA[axis]!;
      fromB -= count[axis]! * stepsB[axis]!;
      count[axis] = 0;
    }
  }
  // An integer division by zero has no value.
  if (result.type === 'int' && result.data.some((x) => !Number.isFinite(x))) throw limit(call, 'a division by zero');
  return result;
}

/** Steps of an operand along the axes of the result; 0 where it is broadcast. */
function stepsOver(own: readonly number[], shape: readonly number[]): number[] {
  const strides = stridesOf(own);
  const offset = shape.length - own.length;
  return shape.map((_, axis) => (axis < offset || own[axis - offset] === 1 ? 0 : strides[axis - offset]!));
}

export function foldUnary(call: FoldCall, f: (x: number) => number): NumericTensor {
  const x = constantOperand(call, 0);
  const result = newConstant(call, x.type, x.shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = f(x.data[i]!);
  return result;
}
