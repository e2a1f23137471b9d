/**
 * Operators on quantized codes, of ONNX and of ONNX Runtime: the real operator between quantizers. What they compute in
 * integers is what dequantizing, the real operator and quantizing mean.
 */
import { onChannelsLast } from '../import/channels-last.js';
import type { FloatOperand } from '../import/operands.js';
import { optionalConstant } from '../import/operands.js';
import { limit, placeOf } from '../import/refuse.js';
import { partOf, reserve } from '../import/state.js';
import type { ConstantValue, Value } from '../import/value.js';
import { ADD, MUL } from './arithmetic.js';
import { CONCAT } from './concat.js';
import { CONV_ATTRIBUTES, importConv } from './conv.js';
import { SIGMOID, SOFTMAX } from './ends.js';
import { GEMM_ATTRIBUTES, importGemm, importMatMul } from './matrix.js';
import { type ImportCall, NEWEST_OPSET, type Operator } from './operator.js';
import { LEAKY_RELU } from './pointwise.js';
import { AVERAGE_POOL, GLOBAL_AVERAGE_POOL } from './pool.js';
import { constantsAt, dequantized, MICROSOFT, quantized } from './quantize.js';
import { REDUCE_MEAN } from './reduce.js';

type Import = NonNullable<Operator['import']>;

interface Form {
  readonly inputs: readonly [number, number];
  /** Inputs that are codes, each followed by its scale and zero point; 'others': all behind those of the output. */
  readonly codes: readonly number[] | 'others';
  /** The scale of the output, followed by its zero point. */
  readonly scale: number;
  /** 32-bit codes whose scale is that of the product of the two operands. */
  readonly bias?: number;
  /** ONNX Runtime adds the zero point of the output before it rounds. */
  readonly zeroInside?: boolean;
  readonly attributes?: Operator['attributes'];
  readonly real: Import;
}

/** An old operator set in which every operator of the table has its attributes. */
const REAL_OPSET = 13;

function importForm(call: ImportCall, form: Form): readonly Value[] {
  const codes = form.codes === 'others' ? thirds(call) : form.codes;
  const operands = codes.map((at) => {
    const part = partOf(call, `codes${at}`, 'between');
    return dequantized(withoutAxis(part, form, at), at, at + 1, at + 2);
  });
  const bias = form.bias === undefined ? null : biasAt(call, form, form.bias, codes, operands[1]!);
  const inputs = bias === null ? operands : [...operands, bias];
  const opset = call.node.domain === '' ? call.opset : REAL_OPSET;
  const leaves = call.inputs[form.scale] ?? null;
  if (leaves === null) return form.real({ ...call, opset, inputs });
  const [real] = form.real({ ...partOf(call, 'unquantized', 'intermediate'), opset, inputs });
  return [
    quantized(
      withoutAxis(partOf(call, 'quantizer', 'output'), form, 0),
      real!,
      constantsAt(call, form.scale, form.scale + 1, codeType(call.inputs[codes[0]!])),
      form.zeroInside,
    ),
  ];
}

/** TensorProto.DataType of codes; undefined where nothing says it. */
function codeType(value: Value | null | undefined): number | undefined {
  if (value?.kind === 'constant') return value.tensor.type === 'int' ? value.tensor.elementType : undefined;
  return value?.kind === 'map' || value?.kind === 'host' ? value.grid?.elementType : undefined;
}

/** Of operands behind scale and zero point of the output. */
function thirds(call: ImportCall): number[] {
  const count = (call.inputs.length - 2) / 3;
  if (!Number.isInteger(count))
    throw limit(call, 'every tensor has a scale and a zero point', { expected: '3 inputs each' });
  return Array.from({ length: count }, (_, i) => 3 * i + 2);
}

/** Several scales are those of outputs: the first axis of convolution weights, the last of a matrix; activations have one. */
function withoutAxis(call: ImportCall, form: Form, at: number): ImportCall {
  const last = form.attributes?.dilations === undefined ? -1 : 0;
  const axis = at === form.codes[1] ? (form.attributes === QGEMM && call.attributes.int('transB') === 1 ? 0 : last) : 1;
  const { attributes } = call;
  return {
    ...call,
    attributes: {
      ...attributes,
      has: (name) => name === 'axis' || attributes.has(name),
      int: (name) => (name === 'axis' ? axis : attributes.int(name)),
    },
  };
}

function biasAt(
  call: ImportCall,
  { attributes }: Form,
  index: number,
  codes: readonly number[],
  weights: Value,
): ConstantValue | null {
  const bias = optionalConstant(call, index, 'the biases');
  if (bias === null) return null;
  const [x, w] = codes.map((at) => constantsAt(call, at + 1, at + 2).scale) as [Float32Array, Float32Array];
  if (bias.type !== 'int' || x.length !== 1 || weights.kind !== 'constant') {
    throw limit(call, 'biases must be integers, of constant weights and an input of one scale');
  }
  reserve(call.state, bias.data.length * Float32Array.BYTES_PER_ELEMENT, placeOf(call.node));
  // A step of QGemm's sum is worth alpha times the product of the scales.
  const steps = attributes === QGEMM ? w.map((scale) => scale * call.attributes.float('alpha')) : w;
  const data = Float32Array.from(bias.data, (code, i) => Math.fround(x[0]! * steps[w.length === 1 ? 0 : i]!) * code);
  const operand: FloatOperand = { name: call.node.inputs[index]!, shape: bias.shape, data };
  return { kind: 'constant', name: operand.name, tensor: { type: 'float', shape: operand.shape, data } };
}

function operator(domain: string, name: string, form: Form): Operator {
  return {
    name,
    domain,
    opsets: domain === '' ? [10, NEWEST_OPSET] : [1, 1],
    unversioned: domain !== '',
    inputs: form.inputs,
    attributes: form.attributes ?? {},
    import: (call) => importForm(call, form),
  };
}

const EITHER_LAYOUT: Operator['attributes'] = { channels_last: { type: 'int', default: 0, only: [0, 1] } };
const inEitherLayout =
  (real: Import): Import =>
  (call) =>
    call.attributes.int('channels_last') === 1 ? onChannelsLast(call, real) : real(call);

const QGEMM: Operator['attributes'] = { ...GEMM_ATTRIBUTES, beta: { type: 'float', default: 1, until: 0 } };
const UNARY = { inputs: [4, 5], codes: [0], scale: 3 } as const;
const BINARY = { inputs: [7, 8], codes: [0, 3], scale: 6, zeroInside: true } as const;

const CONV: Form = {
  ...{ inputs: [8, 9], codes: [0, 3], scale: 6, bias: 8 },
  attributes: CONV_ATTRIBUTES,
  real: importConv,
};
const MATMUL: Form = { inputs: [8, 8], codes: [0, 3], scale: 6, real: importMatMul };

export const QLINEAR: readonly Operator[] = [
  operator('', 'QLinearConv', CONV),
  operator('', 'QLinearMatMul', MATMUL),
  operator(MICROSOFT, 'QLinearAdd', { ...BINARY, real: ADD.import! }),
  operator(MICROSOFT, 'QLinearMul', { ...BINARY, real: MUL.import! }),
  operator(MICROSOFT, 'QLinearAveragePool', {
    ...UNARY,
    zeroInside: true,
    attributes: { ...AVERAGE_POOL.attributes, ...EITHER_LAYOUT },
    real: inEitherLayout(AVERAGE_POOL.import!),
  }),
  operator(MICROSOFT, 'QLinearGlobalAveragePool', {
    ...UNARY,
    attributes: EITHER_LAYOUT,
    real: inEitherLayout(GLOBAL_AVERAGE_POOL.import!),
  }),
  operator(MICROSOFT, 'QLinearConcat', {
    ...{ inputs: [5, Number.POSITIVE_INFINITY], codes: 'others', scale: 0 },
    ...{ attributes: CONCAT.attributes, real: CONCAT.import! },
  }),
  operator(MICROSOFT, 'QLinearConv', {
    ...CONV,
    attributes: { ...CONV_ATTRIBUTES, ...EITHER_LAYOUT },
    real: inEitherLayout(importConv),
  }),
  operator(MICROSOFT, 'QLinearLeakyRelu', {
    ...UNARY,
    attributes: LEAKY_RELU.attributes,
    real: LEAKY_RELU.import!,
  }),
  operator(MICROSOFT, 'QLinearReduceMean', {
    ...UNARY,
    attributes: REDUCE_MEAN.attributes,
    real: REDUCE_MEAN.import!,
  }),
  operator(MICROSOFT, 'QLinearSigmoid', { ...UNARY, real: SIGMOID.import! }),
  operator(MICROSOFT, 'QLinearSoftmax', {
    ...UNARY,
    attributes: { axis: { type: 'int' }, opset: { type: 'int', required: true } },
    real: (call) => SOFTMAX.import!({ ...call, opset: call.attributes.int('opset') }),
  }),
  operator(MICROSOFT, 'QGemm', {
    inputs: [6, 9],
    codes: [0, 3],
    scale: 7,
    bias: 6,
    attributes: QGEMM,
    real: importGemm,
  }),
];
