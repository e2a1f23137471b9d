/** Operators that only ever work on constants: shapes, and weights that are put together. */
import { foldUnary } from '../fold/elementwise.js';
import { constantOperand, integersOf, newConstant } from '../fold/tensor.js';
import { limit } from '../import/refuse.js';
import type { Value } from '../import/value.js';
import { type FoldCall, type ImportCall, type NumericTensor, onnxOperator } from './operator.js';

export const CONSTANT = onnxOperator('Constant', {
  inputs: [0, 0],
  attributes: {
    value: { type: 'tensor' },
    value_float: { type: 'float' },
    value_floats: { type: 'floats' },
    value_int: { type: 'int' },
    value_ints: { type: 'ints' },
  },
  fold: foldConstant,
});

function foldConstant(call: FoldCall): NumericTensor {
  const { attributes } = call;
  const tensor = attributes.tensor('value');
  if (tensor?.type === 'other') throw limit(call, 'a constant of this type is not read', { actual: tensor.what });
  if (tensor !== null) return tensor;
  if (attributes.has('value_float'))
    return { type: 'float', shape: [], data: Float32Array.of(attributes.float('value_float')) };
  if (attributes.has('value_int'))
    return { type: 'int', shape: [], data: Float64Array.of(attributes.int('value_int')) };
  const floats = attributes.floats('value_floats');
  if (floats !== null) return { type: 'float', shape: [floats.length], data: Float32Array.from(floats) };
  const ints = attributes.ints('value_ints') ?? [];
  return { type: 'int', shape: [ints.length], data: Float64Array.from(ints) };
}

export const CONSTANT_OF_SHAPE = onnxOperator('ConstantOfShape', {
  inputs: [1, 1],
  attributes: { value: { type: 'tensor' } },
  fold: (call) => {
    const shape = integersOf(call, 0);
    if (shape.some((n) => n < 0)) throw limit(call, 'a negative dimension', { actual: shape.join('x') });
    const value = call.attributes.tensor('value');
    if (value?.type === 'other') throw limit(call, 'a constant of this type is not read', { actual: value.what });
    const result = newConstant(call, value?.type ?? 'float', shape);
    result.data.fill(value?.data[0] ?? 0);
    return result;
  },
});

/** The shape is known even where the values are not. */
export const SHAPE = onnxOperator('Shape', {
  inputs: [1, 1],
  attributes: { start: { type: 'int', default: 0 }, end: { type: 'int' } },
  fold: (call) => shapeConstant(call, constantOperand(call, 0).shape),
  import: (call): Value[] => {
    const value = call.inputs[0];
    if (value?.kind !== 'map' && value?.kind !== 'host') throw limit(call, 'a constant of a type that is not read');
    return [{ kind: 'constant', name: call.node.outputs[0]!, tensor: shapeConstant(call, value.shape) }];
  },
});

function shapeConstant(call: FoldCall | ImportCall, shape: readonly number[]): NumericTensor {
  const end = call.attributes.has('end') ? call.attributes.int('end') : shape.length;
  const data = Float64Array.from(shape.slice(call.attributes.int('start'), end));
  return { type: 'int', shape: [data.length], data };
}

export const SQRT = onnxOperator('Sqrt', {
  inputs: [1, 1],
  attributes: {},
  fold: (call) => foldUnary(call, Math.sqrt),
});
