/** Quant and BipolarQuant of QONNX, under every domain that exporters write them with. */
import { expanded } from '../fold/expand.js';
import { constantOperand } from '../fold/tensor.js';
import type { Rounding, UniformQuantizer } from '../graph.js';
import { emitQuant } from '../import/emit.js';
import { mapOperand, optionalConstant } from '../import/operands.js';
import { broadcastShape, perChannel, shapeWith } from '../import/per-channel.js';
import { limit, mismatch } from '../import/refuse.js';
import type { MapValue, Value } from '../import/value.js';
import { bitsFor, type Range } from '../onnx/integers.js';
import { quantizedCode } from '../quantizer.js';
import { type FoldCall, type ImportCall, NEWEST_OPSET, type NumericTensor, type Operator } from './operator.js';

const DOMAINS = ['', 'onnx.brevitas', 'qonnx.custom_op.general', 'finn.custom_op.general'];
const MOST_BITS = 16;

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

interface Constants {
  readonly scale: NumericTensor;
  readonly zero: NumericTensor;
  readonly bits: NumericTensor;
}

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
    const range = rangeOf(call, bits);
    return isBipolar(call, range) ? foldSigns(call, scale, zero) : foldQuant(call, { scale, zero, bits }, range);
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
  DOMAINS.map((domain) => ({
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

/** Codes that the width, sign and narrowness leave. @throws SystoleError operator-limit for a width that is none */
function rangeOf(call: Call, widths: NumericTensor): Range {
  const [bits = 0, ...others] = widths.data;
  if (others.some((n) => n !== bits) || !Number.isInteger(bits) || bits < 1 || bits > MOST_BITS) {
    throw limit(call, 'the bit width must be one whole number', {
      expected: `1 to ${MOST_BITS}`,
      actual: [...new Set(widths.data)].slice(0, 4).join(', '),
    });
  }
  const narrow = call.attributes.int('narrow');
  if (call.attributes.int('signed') === 0) return [0, 2 ** bits - 1 - narrow];
  // Signed codes of one bit are -1 and +1, whatever else is said.
  return bits === 1 ? [-1, 1] : [-(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1];
}

function isBipolar(call: Call, [lo, hi]: Range): boolean {
  return call.attributes.int('signed') === 1 && lo === -1 && hi === 1 && widthOf(call) === 1;
}

function widthOf(call: Call): number {
  const operand = call.inputs[3];
  if (operand === null || operand === undefined) return 0;
  const tensor = 'kind' in operand ? (operand.kind === 'constant' ? operand.tensor : null) : operand;
  return tensor === null || tensor.type === 'other' ? 0 : tensor.data[0]!;
}

function roundingOf(call: Call): Rounding {
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
  const range = rangeOf(call, required(call, 3, 'the bit width'));
  if (isBipolar(call, range)) return [bipolar(call, value, scale, zero)];
  let { shape } = value;
  for (const constant of [scale, zero])
    shape = shapeWith(call, { ...value, shape }, { ...constant, data: new Float32Array(0) });
  const channels = (constant: NumericTensor): Float32Array => {
    const data = Float32Array.from(constant.data);
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

function bipolar(call: ImportCall, value: MapValue, scale: NumericTensor, zero: NumericTensor | null): MapValue {
  noZero(call, zero);
  const one = oneForAll(positive(call, scale));
  if (one === null) throw limit(call, 'bipolar activations have one scale', { actual: scale.shape.join('x') });
  const shape = shapeWith(call, value, { ...scale, data: one });
  return emitQuant(call, { ...value, shape }, { kind: 'bipolar', scale: one[0]! });
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
function foldQuant(call: FoldCall, { scale, zero }: Constants, range: Range): NumericTensor {
  const x = floats(call);
  const { shape } = x;
  const elements = x.data.length;
  for (const constant of [scale, zero]) checkBroadcast(call, shape, constant);
  const scales = expanded(call, positive(call, scale), scale.shape, shape, elements);
  const zeros = expanded(call, Float32Array.from(zero.data), zero.shape, shape, elements);
  if (zeros.some((z) => !Number.isInteger(z))) throw limit(call, 'the zero point of weights is no whole number');
  call.reserve(elements * (Float32Array.BYTES_PER_ELEMENT + Int16Array.BYTES_PER_ELEMENT));
  const quantizer: UniformQuantizer = {
    ...{ kind: 'uniform', scale: scales, zero: zeros, lo: range[0], hi: range[1] },
    ...{ round: roundingOf(call), zeroInside: true },
  };
  const at = (all: Float32Array, i: number): number => all[all.length === 1 ? 0 : i]!;
  const values = new Int16Array(elements);
  for (let i = 0; i < elements; i++) values[i] = quantizedCode(quantizer, i, x.data[i]!) - at(zeros, i);
  const data = Float32Array.from(values, (code, i) => code * at(scales, i));
  const most = zeros.reduce((a, b) => Math.max(a, b));
  const least = zeros.reduce((a, b) => Math.min(a, b));
  const bits = Math.max(2, bitsFor([range[0] - most, range[1] - least]));
  if (bits > MOST_BITS) throw limit(call, 'weights of more than 16 bits are not supported', { actual: `${bits} bits` });
  return { type: 'float', shape, data, codes: { values, scale: scales, bits, bipolar: false } };
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
