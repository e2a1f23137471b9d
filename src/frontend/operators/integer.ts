/**
 * ConvInteger and MatMulInteger: sums of products of codes, in 32 bits. The tensor of the graph holds them in steps of
 * its input's grid; who casts or dequantizes them divides by that.
 */
import { sumGrid } from '../import/grid.js';
import { optionalConstant } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import { regridded } from '../import/regrid.js';
import { partOf } from '../import/state.js';
import type { MapValue, Value } from '../import/value.js';
import { CONV_ATTRIBUTES, importConv } from './conv.js';
import { importMatMul } from './matrix.js';
import { type ImportCall, NEWEST_OPSET, type NumericTensor, type Operator, onnxOperator } from './operator.js';
import { constantOf } from './quantize.js';

type Import = NonNullable<Operator['import']>;

const STATIC =
  'quantize statically (onnxruntime.quantization.quantize_static) or with trained scales (Brevitas, QKeras), or export the float model';

/** Codes minus their zero point, as real values in steps of what is left of their scale. */
function centred(call: ImportCall): { readonly value: MapValue; readonly step: number } {
  const value = call.inputs[0];
  if (value?.kind !== 'map' || value.grid === undefined) {
    throw limit(call, `${call.node.operator} works on quantized codes`, {
      expected: 'what QuantizeLinear makes, or an input of integers',
      actual: call.node.inputs[0] ?? 'nothing',
      hint: STATIC,
    });
  }
  const zeros = optionalConstant(call, 2, 'the zero point of the input')?.data ?? [0];
  const [zero = 0] = zeros;
  if (zeros.length !== 1) throw limit(call, 'activations have one zero point', { actual: `${zeros.length}` });
  const { quantizer, unmade } = value.grid;
  const isOwn = unmade === undefined && quantizer.scale.length === 1 && quantizer.zero.length === 1;
  if (isOwn && quantizer.zero[0] === zero) {
    const { grid: _, ...real } = value;
    return { value: real, step: quantizer.scale[0]! };
  }
  return { value: regridded(partOf(call, 'centred', 'between'), value, 1, zero), step: 1 };
}

/** @param axis of the weights along which zero points differ */
function importSums(call: ImportCall, real: Import, axis: number): readonly Value[] {
  const { value, step } = centred(call);
  const weights = call.inputs[1];
  if (weights?.kind !== 'constant' || weights.tensor.type === 'other') {
    throw limit(call, 'the weights must be a constant', { actual: call.node.inputs[1] ?? 'nothing', hint: STATIC });
  }
  const zero = optionalConstant(call, 3, 'the zero point of the weights');
  const tensor = constantOf(call, weights.tensor, unitScale(zero), zero, axis);
  const [made] = real({ ...call, inputs: [value, { ...weights, tensor }] }) as readonly MapValue[];
  return [{ ...made!, grid: sumGrid(step) }];
}

function unitScale(zero: NumericTensor | null): NumericTensor {
  const count = zero?.data.length ?? 1;
  return { type: 'float', shape: count === 1 ? [] : [count], data: new Float32Array(count).fill(1) };
}

const sums = (name: string, attributes: Operator['attributes'], real: Import, axis: number): Operator =>
  onnxOperator(name, {
    opsets: [10, NEWEST_OPSET],
    inputs: [2, 4],
    attributes,
    import: (call) => importSums(call, real, axis),
  });

export const INTEGER: readonly Operator[] = [
  sums('ConvInteger', CONV_ATTRIBUTES, importConv, 0),
  sums('MatMulInteger', {}, importMatMul, -1),
];
