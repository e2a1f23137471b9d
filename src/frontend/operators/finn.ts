/** FINN: thresholds, XNOR products, patches, pools over channels last. Source: the operators' definitions in qonnx. */
import { channelsFirst, onChannelsLast } from '../import/channels-last.js';
import { emitMatrix, transposed } from '../import/dense.js';
import { emitQuant } from '../import/emit.js';
import { imageOf } from '../import/image.js';
import { mapOperand, optionalConstant, paddedOperand } from '../import/operands.js';
import { emitPatches } from '../import/patches.js';
import { perChannel } from '../import/per-channel.js';
import { limit, mismatch, placeOf } from '../import/refuse.js';
import { isProbed, reserve } from '../import/state.js';
import type { MapValue, PatchesValue, Value } from '../import/value.js';
import { placeWindow } from '../import/window.js';
import { type ImportCall, NEWEST_OPSET, type Operator } from './operator.js';
import { MAX_POOL, WINDOW } from './pool.js';
import { importQuantAveragePool } from './quant-average-pool.js';

const DOMAINS = ['', 'finn', 'finn.custom_op.general', 'qonnx.custom_op.general'];

const LAYOUT: Operator['attributes'] = { data_layout: { type: 'string', default: 'NCHW', only: ['NCHW', 'NHWC'] } };

const MULTI_THRESHOLD = {
  inputs: [2, 2],
  attributes: {
    ...LAYOUT,
    out_dtype: { type: 'ignored' },
    out_scale: { type: 'float', default: 1 },
    out_bias: { type: 'float', default: 0 },
  },
  import: (call) => [importThresholds(call)],
} as const satisfies Partial<Operator>;

/** The axis of the channels; tensors of other ranks than 2 and 4 have them last. */
function channelAxis(call: ImportCall, rank: number): number {
  if (rank === 2) return 1;
  return rank === 4 && call.attributes.string('data_layout') === 'NCHW' ? 1 : rank - 1;
}

function importThresholds(call: ImportCall): MapValue {
  const value = mapOperand(call, 0);
  const thresholds = optionalConstant(call, 1, 'the thresholds');
  const [rows = 0, steps = 0, ...more] = thresholds?.shape ?? [];
  if (thresholds === null || more.length > 0 || rows < 1 || steps < 1 || thresholds.data.some(Number.isNaN)) {
    throw limit(call, 'the thresholds must be numbers, a row for each channel', { actual: `${rows}x${steps}` });
  }
  const rank = value.shape.length;
  const axis = channelAxis(call, rank);
  if (rows !== 1 && rows !== value.shape[axis]) {
    throw mismatch(call, 'there is not one row of thresholds for each channel', {
      expected: `${value.shape[axis]}`,
      actual: `${rows}`,
    });
  }
  if (isProbed(call.state, value.tensor)) return value;
  const [scale, bias] = [call.attributes.float('out_scale'), call.attributes.float('out_bias')];
  if (!(scale > 0)) throw limit(call, 'out_scale must be positive', { actual: `${scale}` });
  reserve(call.state, thresholds.data.length * Float32Array.BYTES_PER_ELEMENT, placeOf(call.node));
  const row = (r: number) => Float32Array.from(thresholds.data.subarray(r * steps, (r + 1) * steps)).sort();
  const shape = [rows, ...new Array<number>(rank - 1 - axis).fill(1)];
  const order =
    rows === 1
      ? [0]
      : perChannel(call, value, value.shape, { shape, data: Float32Array.from({ length: rows }, (_, r) => r) });
  return emitQuant(call, value, { kind: 'thresholds', thresholds: Array.from(order, row), scale, bias });
}

/** Binary values a times binary weights b: of K pairs how many are alike, = sum of a * (2b - 1) + (K - sum of (2b - 1)) / 2. */
function importXnor(call: ImportCall): MapValue {
  const constant = optionalConstant(call, 1, 'the weights');
  const [columns = 0, rows = 0, ...more] = constant?.shape ?? [];
  const isMatrix = more.length === 0 && rows > 0 && columns > 0;
  if (constant === null || !isMatrix || constant.data.some((b) => b !== 0 && b !== 1)) {
    throw limit(call, 'the weights must be a matrix of zeros and ones', {
      actual: constant?.shape.join('x') ?? 'none',
    });
  }
  const values = Int16Array.from(constant.data, (b) => 2 * b - 1);
  const codes = { values, scale: Float32Array.of(1), bits: 1, bipolar: true };
  const matrix = transposed({ data: Float32Array.from(values), codes }, columns, rows);
  const bias = Float32Array.from({ length: rows }, (_, o) => {
    const own = matrix.data.subarray(o * columns, (o + 1) * columns);
    return (columns - own.reduce((sum, w) => sum + w, 0)) / 2;
  });
  const [patches] = call.inputs;
  if (patches?.kind === 'patches') return emitPatches(call, patches, matrix, bias);
  const value = mapOperand(call, 0);
  const axis = value.shape.length - 1;
  if (value.shape[axis] !== columns) {
    throw mismatch(call, 'the matrix does not go with the input', {
      actual: `${value.shape.join('x')} and ${constant.shape.join('x')}`,
    });
  }
  return emitMatrix(call, value, axis, matrix, bias, value.shape.with(axis, rows));
}

/** Windows of a map of channels last, each in a row: [1, oh, ow, kh*kw*C]. */
function importIm2Col(call: ImportCall): PatchesValue {
  const value = paddedOperand(call, 0);
  if (value.shape.length !== 4) throw limit(call, 'Im2Col works on [1, H, W, C]', { actual: value.shape.join('x') });
  if (call.attributes.int('pad_value') !== 0 && (call.attributes.ints('pad_amount') ?? []).some((n) => n > 0)) {
    throw limit(call, 'pads must be zeros', {
      expected: 'pad_value = 0',
      actual: `${call.attributes.int('pad_value')}`,
    });
  }
  const input = imageOf(call, channelsFirst(call, value));
  const kernel = call.attributes.ints('kernel_size') ?? [];
  const placed = placeWindow(asConv(call), input, 2, kernel);
  const { height, width } = placed.output;
  const shape = [1, height, width, kernel.reduce((a, b) => a * b, input.channels)];
  return { kind: 'patches', shape, tensor: input, placed };
}

const CONV_NAMES: Readonly<Record<string, string>> = { stride: 'strides', pad_amount: 'pads' };

/** Its attributes under the names that a convolution has for them. */
function asConv(call: ImportCall): ImportCall {
  const own = (name: string): string => Object.keys(CONV_NAMES).find((key) => CONV_NAMES[key] === name) ?? name;
  const { attributes, node } = call;
  const renamed = new Map([...node.attributes].map(([name, value]) => [CONV_NAMES[name] ?? name, value] as const));
  return {
    ...call,
    node: { ...node, attributes: renamed },
    attributes: {
      ...attributes,
      has: (name) => attributes.has(own(name)),
      ints: (name) => attributes.ints(own(name)),
      string: () => 'NOTSET',
    },
  };
}

const IM2COL = {
  inputs: [1, 1],
  attributes: {
    stride: { type: 'ints', required: true },
    kernel_size: { type: 'ints', required: true },
    input_shape: { type: 'ignored' },
    pad_amount: { type: 'ints' },
    pad_value: { type: 'int', default: 0 },
    depthwise: { type: 'int', default: 0, only: [0, 1] },
    dilations: { type: 'ints' },
  },
  import: (call: ImportCall): readonly Value[] => [importIm2Col(call)],
} as const;

const QUANT_AVERAGE_POOL: Pick<Operator, 'inputs' | 'attributes' | 'import'> = {
  inputs: [1, 1],
  attributes: {
    ...LAYOUT,
    ...{ stride: { type: 'int', default: 1 }, kernel: { type: 'int', default: 1 }, ibits: { type: 'int', default: 1 } },
    ...{ obits: { type: 'int', default: 1 }, signed: { type: 'int', default: 0, only: [0, 1] } },
  },
  import: (call) =>
    call.attributes.string('data_layout') === 'NHWC'
      ? onChannelsLast(call, importQuantAveragePool)
      : importQuantAveragePool(call),
};

function everywhere(name: string, rest: Pick<Operator, 'inputs' | 'attributes' | 'import'>): Operator[] {
  return DOMAINS.map((domain) => ({
    ...rest,
    ...{ name, domain, opsets: domain === '' ? [7, NEWEST_OPSET] : [1, NEWEST_OPSET], unversioned: domain !== '' },
  }));
}

export const FINN: readonly Operator[] = [
  ...everywhere('Im2Col', IM2COL),
  ...everywhere('MaxPoolNHWC', {
    inputs: [1, 1],
    attributes: WINDOW,
    import: (call) => onChannelsLast(call, MAX_POOL.import!),
  }),
  ...everywhere('MultiThreshold', MULTI_THRESHOLD),
  ...everywhere('QuantAvgPool2d', QUANT_AVERAGE_POOL),
  ...everywhere('XnorPopcountMatMul', { inputs: [2, 2], attributes: {}, import: (call) => [importXnor(call)] }),
];
