/** Constants made from constants. */

import { limit } from '../import/refuse.js';
import { elementsOf } from '../import/value.js';
import type { FoldCall, NumericTensor } from '../operators/operator.js';

/** Zeros. @throws SystoleError onnx-too-large before memory is taken */
export function newConstant(call: FoldCall, type: NumericTensor['type'], shape: readonly number[]): NumericTensor {
  const elements = elementsOf(shape);
  call.reserve(elements * (type === 'float' ? Float32Array : Float64Array).BYTES_PER_ELEMENT);
  return type === 'float'
    ? { type, shape, data: new Float32Array(elements) }
    : { type, shape, data: new Float64Array(elements) };
}

export function constantOperand(call: FoldCall, index: number): NumericTensor {
  const tensor = call.inputs[index];
  if (tensor) return tensor;
  throw limit(call, `input ${index} is missing`);
}

/** Integers: a shape, axes or indices. */
export function integersOf(call: FoldCall, index: number): number[] {
  return [...constantOperand(call, index).data];
}

export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}
