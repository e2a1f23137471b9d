/** The inputs of a node as what its importer needs, or a refusal that says what is wrong with them. */
import { SystoleError } from '../../base/error.js';
import { firstNotFinite } from '../finite.js';
import type { ValueCodes } from '../onnx/model.js';
import type { ImportCall, NumericTensor } from '../operators/operator.js';
import { hostSource } from './host.js';
import { realized } from './realized.js';
import { limit, placeOf } from './refuse.js';
import type { MapValue, Value } from './value.js';

/** A constant, finite. */
export interface FloatOperand {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly codes?: ValueCodes;
}

/** A tensor that the array makes, or the input. */
export function mapOperand(call: ImportCall, index: number): MapValue {
  const value = call.inputs[index];
  if (value?.kind === 'map') {
    if (value.grid !== undefined) throw notReal(call, index);
    return value.tensor.padding === undefined ? value : { ...value, tensor: realized(call.state, value.tensor) };
  }
  throw notComputed(call, index, value);
}

/** The same, zeros around it allowed. */
export function paddedOperand(call: ImportCall, index: number): MapValue {
  const value = call.inputs[index];
  return value?.kind === 'map' && value.grid === undefined ? value : mapOperand(call, index);
}

/** The same, or the codes of such a tensor, where an operator does the same to both. */
export function anyMapOperand(call: ImportCall, index: number): MapValue {
  const value = call.inputs[index];
  if (value?.kind !== 'map' || value.grid === undefined) return mapOperand(call, index);
  const { grid, ...real } = value;
  return { ...mapOperand({ ...call, inputs: call.inputs.with(index, real) }, index), grid };
}

/** Codes are made and read by operators of quantization alone. */
export function notReal(call: ImportCall, index: number): SystoleError {
  return limit(call, `${call.node.operator} of quantized codes is not supported`, {
    expected: 'real values',
    actual: `${call.node.inputs[index]}, which QuantizeLinear makes`,
    hint: 'put a DequantizeLinear before it and a QuantizeLinear behind it',
  });
}

function notComputed(
  call: ImportCall,
  index: number,
  value: Exclude<Value, MapValue> | null | undefined,
): SystoleError {
  const name = call.node.inputs[index] ?? '';
  if (value?.kind === 'host') {
    return limit(call, 'a part of the network that runs on the host is followed by one that cannot', {
      actual: `${call.node.operator} after ${hostSource(call.state, value) ?? name}`,
      hint: 'Softmax, Sigmoid and ArgMax stand at the very end of a network: cut it before them, or leave out what follows',
    });
  }
  return limit(call, `input ${index} must be computed from the model's input`, {
    actual: value?.kind === 'constant' ? `the constant ${name}` : 'nothing',
  });
}

/** null where the input is left out. @throws SystoleError operator-limit, weights-not-finite */
export function optionalFloats(call: ImportCall, index: number, what: string): FloatOperand | null {
  const value = call.inputs[index] ?? null;
  if (value === null) return null;
  if (value.kind !== 'constant') {
    throw limit(call, `${what} must be a constant`, {
      actual: `${call.node.inputs[index]}, which the network computes`,
      hint: `freeze ${call.node.inputs[index]} into the model`,
    });
  }
  const { tensor, name } = value;
  if (tensor.type !== 'float') {
    throw limit(call, `${what} must be floating-point numbers`, {
      actual: `${name}: ${tensor.type === 'int' ? 'integers' : tensor.what}`,
    });
  }
  const bad = firstNotFinite(tensor.data);
  if (bad >= 0) {
    throw new SystoleError('weights-not-finite', `${what} hold NaN or infinity`, {
      where: `${name}[${indexText(bad, tensor.shape)}], used by ${placeOf(call.node)}`,
      expected: 'finite numbers',
      actual: `${tensor.data[bad]}`,
      hint: 'the training diverged, or the file is damaged: export the model again',
    });
  }
  const { shape, data, codes } = tensor;
  return { name, shape, data, ...(codes === undefined ? {} : { codes }) };
}

export function floatOperand(call: ImportCall, index: number, what: string): FloatOperand {
  const operand = optionalFloats(call, index, what);
  if (operand !== null) return operand;
  throw limit(call, `${what} are missing`, { expected: `input ${index}` });
}

/** Any constant: bounds and shapes, which may be infinite. null where left out. */
export function optionalConstant(call: ImportCall, index: number, what: string): NumericTensor | null {
  const value = call.inputs[index] ?? null;
  if (value === null) return null;
  if (value.kind === 'constant' && value.tensor.type !== 'other') return value.tensor;
  throw limit(call, `${what} must be a constant`, {
    actual:
      value.kind === 'constant'
        ? 'a constant of a type that is not read'
        : `${call.node.inputs[index]}, which the network computes`,
  });
}

/** 3,0,1 for the place of a value in a tensor. */
function indexText(flat: number, shape: readonly number[]): string {
  const digits: number[] = [];
  let rest = flat;
  for (const n of [...shape].reverse()) {
    digits.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return digits.join(',');
}
