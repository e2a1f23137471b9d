/** Quant and BipolarQuant of QONNX, under every domain that exporters write them with. */
import { expanded } from '../fold/expand.js';
import { constantOperand } from '../fold/tensor.js';
import type { Rounding, UniformQuantizer } from '../graph.js';
import { emitAffine, emitQuant } from '../import/emit.js';
import { mapOperand, optionalConstant } from '../import/operands.js';
import { broadcastShape, perChannel, shapeWith } from '../import/per-channel.js';
import { limit, mismatch, placeOf } from '../import/refuse.js';
import { partOf, reserve } from '../import/state.js';
import type { MapValue, Value } from '../import/value.js';
import { bitsFor, type Range } from '../onnx/integers.js';
import { quantizedCode } from '../quantizer.js';
import { type FoldCall, type ImportCall, NEWEST_OPSET, type NumericTensor, type Operator } from './operator.js';

export const QONNX_DOMAINS = ['', 'onnx.brevitas', 'qonnx.custom_op.general', 'finn.custom_op.general'];
/** Of weights and activations; biases have more, and are no codes to the array. */
const MOST_BITS = 16;
const WIDEST = 32;

/** QONNX's names; half-up and half-down are meant from and towards zero there. */
const ROUNDINGS: Readonly<Record<string, Rounding>> = {
  ROUND: 'half-even',
  HALF_EVEN: 'half-even',
  CEIL: 'ceil',
  FLOOR: 'floor',
  UP: 'away',
  DOWN: 'to-zero',
  ROUND_TO_ZERO: 'to-zero',
  HALF_UP: 'half-away',
  HALF_DOWN: 'half-to-zero',
};

const QUANT: Omit<Operator, 'name' | 'domain' | 'opsets'> = {
  inputs: [4, 4],
  attributes: {
    signed: { type: 'int', default: 1, only: [0, 1] },
    narrow: { type: 'int', default: 1, only: [0, 1] },
    rounding_mode: { type: 'string', default: 'ROUND' },
  },
  fold: (call) => {
    const [scale, zero, bits] = [1, 2, 3].map((i) => constantOperand(call, i)) as [
      NumericTensor,
      NumericTensor,
      NumericTensor,
    ];
    const width = widthOf(call, bits);
    return isBipolar(call, width)
      ? foldSigns(call, scale, zero)
      : foldQuant(call, scale, zero, codeRange(call, width, WIDEST));
  },
  import: importQuant,
};

const BIPOLAR_QUANT: Omit<Operator, 'name' | 'domain' | 'opsets'> = {
  inputs: [2, 2],
  attributes: {},
  fold: (call) => foldSigns(call, constantOperand(call, 1), null),
  import: (call) => [bipolar(call, mapOperand(call, 0), required(call, 1, 'the scale'), null)],
};

const everywhere = (name: string, rest: typeof QUANT): Operator[] =>
  QONNX_DOMAINS.map((domain) => ({
    ...rest,
    ...{ name, domain, opsets: domain === '' ? [7, NEWEST_OPSET] : [1, NEWEST_OPSET] },
    unversioned: domain !== '',
  }));

export const QONNX: readonly Operator[] = [
  ...everywhere('BipolarQuant', BIPOLAR_QUANT),
  ...everywhere('IntQuant', QUANT),
  ...everywhere('Quant', QUANT),
];

type Call = FoldCall | ImportCall;

/** One for all channels. */
function widthOf(call: Call, widths: NumericTensor): number {
  const [bits = 0, ...others] = widths.data;
  if (others.every((n) => n === bits)) return bits;
  throw limit(call, 'the bit width must be the same for all channels');
}

/** Codes that the width, sign and narrowness leave. @throws SystoleError operator-limit for a width that is none */
export function codeRange(call: Call, bits: number, most = MOST_BITS): Range {
  if (!Number.isInteger(bits) || bits < 1 || bits > most) {
    throw limit(call, 'the bit width must be a whole number', { expected: `1 to ${most}`, actual: `${bits}` });
  }
  const narrow = call.attributes.int('narrow');
  if (call.attributes.int('signed') === 0) return [0, 2 ** bits - 1 - narrow];
  return [-(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1];
}

/** Signed codes of one bit, whatever else is said. */
function isBipolar(call: Call, bits: number): boolean {
  return bits === 1 && call.attributes.int('signed') === 1;
}

export function roundingOf(call: Call): Rounding {
  const mode = call.attributes.string('rounding_mode');
  const rounding = ROUNDINGS[mode.toUpperCase()];
  if (rounding !== undefined) return rounding;
  throw limit(call, 'the rounding mode is not known', { expected: Object.keys(ROUNDINGS).join(', '), actual: mode });
}

function positive(call: Call, scale: NumericTensor): Float32Array {
  const data = Float32Array.from(scale.data);
  if (data.every((s) => s > 0 && Number.isFinite(s))) return data;
  throw limit(call, 'a scale must be a positive number');
}

function required(call: ImportCall, index: number, what: string): NumericTensor {
  const constant = optionalConstant(call, index, what);
  if (constant !== null) return constant;
  throw limit(call, `${what} is missing`);
}

function importQuant(call: ImportCall): Value[] {
  const value = mapOperand(call, 0);
  const scale = required(call, 1, 'the scale');
  const zero = required(call, 2, 'the zero point');
  if (!zero.data.every(Number.isFinite)) throw limit(call, 'the zero point is no finite number');
  const width = widthOf(call, required(call, 3, 'the bit width'));
  const range = codeRange(call, width);
  if (isBipolar(call, width)) return [bipolar(call, value, scale, zero)];
  let { shape } = value;
  for (const constant of [scale, zero])
    shape = shapeWith(call, { ...value, shape }, { ...constant, data: new Float32Array(0) });
  const channels = (constant: NumericTensor): Float32Array => {
    const data = Float32Array.from(constant.data);
    reserve(call.state, data.byteLength + value.tensor.channels * data.BYTES_PER_ELEMENT, placeOf(call.node));
    return oneForAll(data) ?? perChannel(call, value, shape, { shape: constant.shape, data });
  };
  positive(call, scale);
  const quantizer: UniformQuantizer = {
    ...{ kind: 'uniform', scale: channels(scale), zero: channels(zero) },
    ...{ lo: range[0], hi: range[1], round: roundingOf(call), zeroInside: true },
  };
  return [emitQuant(call, { ...value, shape }, quantizer)];
}

/** One value for all of them, where all are the same. */
function oneForAll(data: Float32Array): Float32Array | null {
  return data.every((x) => x === data[0]) ? data.slice(0, 1) : null;
}

/** Several scales multiply signs of one. */
function bipolar(call: ImportCall, value: MapValue, scale: NumericTensor, zero: NumericTensor | null): MapValue {
  noZero(call, zero);
  const scales = positive(call, scale);
  const one = oneForAll(scales);
  const shape = shapeWith(call, value, { ...scale, data: scales });
  if (one !== null) return emitQuant(call, { ...value, shape }, { kind: 'bipolar', scale: one[0]! });
  const signs = emitQuant(partOf(call, 'signs', 'intermediate'), { ...value, shape }, { kind: 'bipolar', scale: 1 });
  return emitAffine(partOf(call, 'scaled', 'output'), signs, { shape: scale.shape, data: scales }, null);
}

function noZero(call: Call, zero: NumericTensor | null): void {
  if (zero?.data.some((z) => z !== 0)) throw limit(call, 'bipolar values have no zero point');
}

/** Weights with the codes -1 and +1; zero becomes +1. */
function foldSigns(call: FoldCall, scale: NumericTensor, zero: NumericTensor | null): NumericTensor {
  noZero(call, zero);
  const x = floats(call);
  const elements = x.data.length;
  checkBroadcast(call, x.shape, scale);
  const all = expanded(call, positive(call, scale), scale.shape, x.shape, elements);
  call.reserve(elements * (Float32Array.BYTES_PER_ELEMENT + Int16Array.BYTES_PER_ELEMENT));
  const values = Int16Array.from(x.data, (v) => (v >= 0 ? 1 : -1));
  const data = Float32Array.from(values, (sign, i) => sign * all[all.length === 1 ? 0 : i]!);
  return { type: 'float', shape: x.shape, data, codes: { values, scale: all, bits: 1, bipolar: true } };
}

/** Weights on their grid, with the codes beside them: the zero point is subtracted, so it must be whole. */
function foldQuant(call: FoldCall, scale: NumericTensor, zero: NumericTensor, range: Range): NumericTensor {
  const x = floats(call);
  const { shape } = x;
  const elements = x.data.length;
  for (const constant of [scale, zero]) checkBroadcast(call, shape, constant);
  const scales = expanded(call, positive(call, scale), scale.shape, shape, elements);
  const zeros = expanded(call, Float32Array.from(zero.data), zero.shape, shape, elements);
  if (zeros.some((z) => !Number.isInteger(z))) throw limit(call, 'the zero point of weights is no whole number');
  call.reserve(elements * (2 * Float32Array.BYTES_PER_ELEMENT + Int16Array.BYTES_PER_ELEMENT));
  const quantizer: UniformQuantizer = {
    ...{ kind: 'uniform', scale: scales, zero: zeros, lo: range[0], hi: range[1] },
    ...{ round: roundingOf(call), zeroInside: true },
  };
  const at = (all: Float32Array, i: number): number => all[all.length === 1 ? 0 : i]!;
  const codes = Float32Array.from(x.data, (v, i) => quantizedCode(quantizer, i, v) - at(zeros, i));
  const data = codes.map((code, i) => code * at(scales, i));
  const most = zeros.reduce((a, b) => Math.max(a, b));
  const least = zeros.reduce((a, b) => Math.min(a, b));
  const bits = Math.max(2, bitsFor([range[0] - most, range[1] - least]));
  if (bits > MOST_BITS) return { type: 'float', shape, data };
  return { type: 'float', shape, data, codes: { values: Int16Array.from(codes), scale: scales, bits, bipolar: false } };
}

function floats(call: FoldCall): Extract<NumericTensor, { readonly type: 'float' }> {
  const x = constantOperand(call, 0);
  if (x.type === 'float') return x;
  throw limit(call, 'only floating-point numbers are quantized');
}

function checkBroadcast(call: Call, shape: readonly number[], constant: NumericTensor): void {
  if (broadcastShape(shape, constant.shape)?.join() === shape.join()) return;
  throw mismatch(call, 'a constant of the quantizer does not go with the tensor', {
    actual: `${shape.join('x')} and ${constant.shape.join('x')}`,
  });
}
