/** QuantizeLinear and DequantizeLinear, of ONNX and of ONNX Runtime's own domain. */
import { foldDequantize, foldQuantize } from '../fold/quantize.js';
import { constantOperand } from '../fold/tensor.js';
import { emitQuant } from '../import/emit.js';
import { type GridConstants, gridConstants, gridOf, sameSteps } from '../import/grid.js';
import { hostResult } from '../import/host.js';
import { mapOperand, notReal, optionalConstant } from '../import/operands.js';
import { limit, placeOf } from '../import/refuse.js';
import { regridded } from '../import/regrid.js';
import { partOf, reserve } from '../import/state.js';
import type { Grid, HostValue, MapValue, Value } from '../import/value.js';
import { INT32, rangeOfType, UINT8 } from '../onnx/integers.js';
import { elementTypeName } from '../onnx/tensor.js';
import { linearQuantizer } from '../quantizer.js';
import {
  type FoldCall,
  type ImportCall,
  NEWEST_OPSET,
  type NumericTensor,
  type Operator,
  onnxOperator,
} from './operator.js';

export const MICROSOFT = 'com.microsoft';

const COMMON: Operator['attributes'] = {
  axis: { type: 'int', default: 1 },
  block_size: { type: 'int', default: 0, only: [0] },
};

/** Float32, float16 and bfloat16: the graph computes in float32. */
const FLOATS = [0, 1, 10, 16];

const QUANTIZE_LINEAR = onnxOperator('QuantizeLinear', {
  opsets: [10, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: {
    ...COMMON,
    output_dtype: { type: 'int', default: 0 },
    precision: { type: 'int', default: 0, only: FLOATS },
    saturate: { type: 'ignored' },
  },
  fold: (call) => {
    const x = constantOperand(call, 0);
    if (x.type !== 'float') throw limit(call, 'only floating-point numbers are quantized');
    const constants = gridConstants(call, constantOperand(call, 1), call.inputs[2] ?? null, declaredType(call));
    return foldQuantize(call, x, constants, call.attributes.int('axis'));
  },
  import: (call) => [quantized(call, call.inputs[0]!, constantsAt(call, 1, 2, declaredType(call)))],
});

const DEQUANTIZE_LINEAR = onnxOperator('DequantizeLinear', {
  opsets: [10, NEWEST_OPSET],
  inputs: [2, 3],
  attributes: { ...COMMON, output_dtype: { type: 'int', default: 0, only: FLOATS } },
  fold: (call) =>
    dequantizedConstant(
      call,
      constantOperand(call, 0),
      constantOperand(call, 1),
      call.inputs[2] ?? null,
      axisOf(call),
      call.reserve,
    ),
  import: (call) => [dequantized(call, 0, 1, 2)],
});

/** ONNX Runtime has its own for the types that older operator sets lack. */
const own = (operator: Operator): Operator => ({ ...operator, domain: MICROSOFT, opsets: [1, 1], unversioned: true });

export const QUANTIZATION: readonly Operator[] = [
  QUANTIZE_LINEAR,
  DEQUANTIZE_LINEAR,
  own(QUANTIZE_LINEAR),
  own(DEQUANTIZE_LINEAR),
];

/** That of channels, where a node says nothing of it. */
function axisOf(call: FoldCall | ImportCall): number {
  return call.attributes.has('axis') ? call.attributes.int('axis') : 1;
}

function declaredType(call: FoldCall | ImportCall): number {
  return call.attributes.int('output_dtype') || UINT8;
}

/** Scale and zero point that are inputs of the node. */
export function constantsAt(call: ImportCall, scale: number, zero: number, otherwise = UINT8): GridConstants {
  const scales = optionalConstant(call, scale, 'the scale');
  if (scales === null) throw limit(call, 'the scale is missing', { expected: `input ${scale}` });
  return gridConstants(call, scales, optionalConstant(call, zero, 'the zero point'), otherwise);
}

/** A computed tensor as codes: the value holds the grid's values, its name stands for their codes. */
export function quantized(
  call: ImportCall,
  value: Value,
  constants: GridConstants,
  zeroInside = false,
): MapValue | HostValue {
  if (value.kind === 'host') return quantizedByHost(call, value, constants);
  const isSum = value.kind === 'map' && value.grid?.elementType === INT32;
  const real = isSum
    ? regridded(partOf(call, 'sum', 'between'), value, 1, 0)
    : mapOperand({ ...call, inputs: [value] }, 0);
  const { quantizer, elementType } = gridOf(call, real, constants, axisOf(call));
  const grid = { elementType, quantizer: { ...quantizer, zeroInside } };
  return { ...emitQuant(call, real, grid.quantizer), grid };
}

function quantizedByHost(call: ImportCall, value: HostValue, constants: GridConstants): HostValue {
  if (value.grid !== undefined) throw notReal(call, 0);
  const { scale, zero, range, elementType } = constants;
  if (scale.length > 1 || zero.length > 1) throw limit(call, 'the host quantizes with one scale for all');
  const quantizer = linearQuantizer(scale, zero, range);
  const made = hostResult(call, { kind: 'quantize', quantizer }, [value], value.shape);
  return { ...made, grid: { quantizer, elementType } };
}

/** The real values of the codes at one input, of which others hold the scale and zero point. */
export function dequantized(call: ImportCall, codes: number, scale: number, zero: number): Value {
  const value = call.inputs[codes];
  if (value?.kind === 'constant') {
    const { tensor, name } = value;
    if (tensor.type === 'other') throw limit(call, 'a constant of a type that is not read', { actual: tensor.what });
    const scales = optionalConstant(call, scale, 'the scale');
    if (scales === null) throw limit(call, 'the scale is missing', { expected: `input ${scale}` });
    const zeros = optionalConstant(call, zero, 'the zero point');
    return { kind: 'constant', name, tensor: constantOf(call, tensor, scales, zeros, axisOf(call)) };
  }
  if ((value?.kind !== 'map' && value?.kind !== 'host') || value.grid === undefined) {
    throw limit(call, 'only codes are dequantized', {
      expected: 'what QuantizeLinear makes',
      actual: call.node.inputs[codes] ?? 'nothing',
    });
  }
  const { grid, ...real } = value;
  const constants = constantsAt(call, scale, zero, isCodeType(grid.elementType) ? grid.elementType : UINT8);
  if (isCodeType(grid.elementType) && constants.elementType !== grid.elementType) {
    throw limit(call, 'codes are read as another type than they were made of', {
      expected: elementTypeName(grid.elementType),
      actual: elementTypeName(constants.elementType),
    });
  }
  if (value.kind === 'map') return readCodes(call, value, grid, constants);
  const own = { ...grid.quantizer, scale: constants.scale, zero: constants.zero };
  if (sameSteps(own, grid.quantizer)) return real;
  throw limit(call, 'codes that the host has made are read with another scale or zero point', {
    expected: gridText(grid.quantizer.scale, grid.quantizer.zero, grid.elementType),
    actual: gridText(constants.scale, constants.zero, constants.elementType),
  });
}

/** Of the same grid they are what the tensor holds; of others, and as the model's input, they are made. */
function readCodes(call: ImportCall, value: MapValue, grid: Grid, constants: GridConstants): MapValue {
  const { grid: _, ...real } = value;
  const own = gridOf(call, value, constants, axisOf(call)).quantizer;
  if (grid.unmade === undefined && sameSteps(own, grid.quantizer)) return real;
  if (own.scale.length === 1 && own.zero.length === 1) return regridded(call, value, own.scale[0]!, own.zero[0]!);
  throw limit(call, 'codes are read with other scales or zero points than they were made with', {
    expected: gridText(grid.quantizer.scale, grid.quantizer.zero, grid.elementType),
    actual: gridText(constants.scale, constants.zero, constants.elementType),
  });
}

function isCodeType(elementType: number): boolean {
  return rangeOfType(elementType) !== null;
}

/** The real values of constant codes. */
export function constantOf(
  call: ImportCall,
  codes: NumericTensor,
  scale: NumericTensor,
  zero: NumericTensor | null,
  axis: number,
): NumericTensor {
  const count = (bytes: number): void => reserve(call.state, bytes, placeOf(call.node));
  return dequantizedConstant(call, codes, scale, zero, axis, count);
}

function dequantizedConstant(
  call: FoldCall | ImportCall,
  x: NumericTensor,
  scale: NumericTensor,
  zero: NumericTensor | null,
  axis: number,
  reserve: (bytes: number) => void,
) {
  if (x.type !== 'int') throw limit(call, 'only integers are dequantized');
  const declared = x.elementType === undefined ? null : rangeOfType(x.elementType);
  // A bias of 32 bits has a zero point of the same type.
  const wide = zero?.type === 'int' && zero.elementType !== undefined && rangeOfType(zero.elementType) === null;
  const plain = wide ? { ...zero, elementType: UINT8 } : zero;
  const constants = gridConstants(
    call,
    scale,
    plain,
    x.elementType !== undefined && declared !== null ? x.elementType : UINT8,
  );
  return foldDequantize(call, x, constants.scale, constants.zero, axis, declared, reserve);
}

function gridText(scale: Float32Array, zero: Float32Array, elementType: number): string {
  return `scale ${[...scale].slice(0, 4).join(', ')}, zero ${[...zero].slice(0, 4).join(', ')}, ${elementTypeName(elementType)}`;
}
