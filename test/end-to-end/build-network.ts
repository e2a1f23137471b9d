/** Small integer networks from a list of layers; weights and constants from a seed, ranges exact. */
import { type RandomSource, randomSource } from '../../src/base/random.js';
import type {
  CodeTensor,
  ConvLayer,
  IntegerNetwork,
  Layer,
  MaxPoolLayer,
  Requantize,
} from '../../src/quant/network.js';

export interface ConvSpec {
  readonly kind: 'conv';
  readonly channels: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
  /** One filter per channel; `channels` is then ignored. */
  readonly depthwise: boolean;
  readonly weightBits: number;
  /** Of the output; 0: raw accumulators leave the machine (last layer only). */
  readonly bits: number;
  readonly round: Requantize['round'];
  /** Adds the newest earlier tensor of the output's shape, if there is one. */
  readonly residual: boolean;
}
export interface PoolSpec {
  readonly kind: 'maxpool';
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
}
export interface NetworkSpec {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bits: number;
  readonly layers: readonly (ConvSpec | PoolSpec)[];
  readonly seed: number;
}

export const plainConv: ConvSpec = {
  kind: 'conv',
  channels: 4,
  kernel: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  pads: [1, 1, 1, 1],
  depthwise: false,
  weightBits: 3,
  bits: 8,
  round: 'nearest-even',
  residual: false,
};
export const plainPool: PoolSpec = {
  kind: 'maxpool',
  kernel: [2, 2],
  strides: [2, 2],
  dilations: [1, 1],
  pads: [0, 0, 0, 0],
};

const outSize = (size: number, kernel: number, stride: number, dilation: number, pad: number) =>
  Math.floor((size + pad - (kernel - 1) * dilation - 1) / stride) + 1;

/** The layer with its kernel cut down to its padded input, and padding that no window lies in wholly. */
function fitted<S extends ConvSpec | PoolSpec>(spec: S, height: number, width: number): S {
  const pads = spec.pads.map((pad, i) => Math.min(pad, spec.kernel[i % 2 === 0 ? 0 : 1]! - 1)) as unknown as S['pads'];
  const room = [height + pads[0] + pads[2], width + pads[1] + pads[3]] as const;
  const fits = (i: 0 | 1) => (spec.kernel[i] - 1) * spec.dilations[i] + 1 <= room[i];
  const dilation = (i: 0 | 1) => (fits(i) ? spec.dilations[i] : 1);
  const kernel = [Math.min(spec.kernel[0], room[0]), Math.min(spec.kernel[1], room[1])] as const;
  return { ...spec, pads, kernel, dilations: [dilation(0), dilation(1)] };
}

/** Output height and width; not positive where the kernel does not fit. */
function outputSize(spec: ConvSpec | PoolSpec, height: number, width: number): [number, number] {
  const { kernel, strides, dilations, pads } = spec;
  return [
    outSize(height, kernel[0], strides[0], dilations[0], pads[0] + pads[2]),
    outSize(width, kernel[1], strides[1], dilations[1], pads[1] + pads[3]),
  ];
}

/** The integer network; kernels that do not fit their input are cut down. */
export function buildNetwork(spec: NetworkSpec): IntegerNetwork {
  const random = randomSource(spec.seed);
  const input = tensor('input', spec.height, spec.width, spec.channels, spec.bits, random);
  const tensors: CodeTensor[] = [input];
  const layers: Layer[] = [];
  for (const [index, wanted] of spec.layers.entries()) {
    const from = tensors.at(-1)!;
    const layer = fitted(wanted, from.height, from.width);
    const [height, width] = outputSize(layer, from.height, from.width);
    if (layer.kind === 'maxpool') {
      const to = { ...from, name: `t${index + 1}`, height, width };
      layers.push(poolLayer(layer, index, from, to));
      tensors.push(to);
      continue;
    }
    const channels = layer.depthwise ? from.channels : layer.channels;
    const to = tensor(`t${index + 1}`, height, width, channels, layer.bits === 0 ? 8 : layer.bits, random);
    const last = index === spec.layers.length - 1;
    layers.push(convLayer(layer, index, from, to, tensors, last, random));
    tensors.push(to);
  }
  const output = tensors.at(-1)!;
  const raw = layers.at(-1)!.kind === 'conv' && (layers.at(-1) as ConvLayer).requantize === null;
  return {
    name: 'random',
    input: { tensor: 'input', modelName: 'input', shape: [1, spec.channels, spec.height, spec.width] },
    output: {
      tensor: output.name,
      form: raw ? 'accumulators' : 'codes',
      scale: raw ? new Array<number>(output.channels).fill(1) : [1],
      bias: new Array<number>(output.channels).fill(0),
      steps: [],
      shape: [1, output.channels, output.height, output.width],
      modelName: 'output',
      modelShape: [1, output.channels, output.height, output.width],
    },
    tensors: Object.fromEntries(tensors.map((entry) => [entry.name, entry])),
    layers,
  };
}

function tensor(
  name: string,
  height: number,
  width: number,
  channels: number,
  bits: number,
  random: RandomSource,
): CodeTensor {
  return { name, height, width, channels, bits, scale: 1, zero: random.integer(0, 2 ** bits - 1) };
}

function poolLayer(spec: PoolSpec, index: number, from: CodeTensor, to: CodeTensor): MaxPoolLayer {
  const { kernel, strides, dilations, pads } = spec;
  const name = `pool${index + 1}`;
  const exactness = { kind: 'exact' } as const;
  return {
    kind: 'maxpool',
    name,
    sources: [name],
    input: from.name,
    output: to.name,
    kernel,
    strides,
    dilations,
    pads,
    exactness,
  };
}

function convLayer(
  spec: ConvSpec,
  index: number,
  from: CodeTensor,
  to: CodeTensor,
  earlier: readonly CodeTensor[],
  last: boolean,
  random: RandomSource,
): ConvLayer {
  const { kernel, strides, dilations, pads, weightBits } = spec;
  const perFilter = kernel[0] * kernel[1] * (spec.depthwise ? 1 : from.channels);
  const draw = () =>
    weightBits === 1
      ? 2 * random.integer(0, 1) - 1
      : random.integer(-(2 ** (weightBits - 1)), 2 ** (weightBits - 1) - 1);
  const weights = Int8Array.from({ length: perFilter * to.channels }, draw);
  const ranges = Array.from({ length: to.channels }, (_, c) =>
    range(weights.subarray(c * perFilter, (c + 1) * perFilter), 2 ** from.bits - 1),
  );
  const same = (other: CodeTensor) =>
    other.height === to.height && other.width === to.width && other.channels === to.channels;
  const residual = spec.residual ? (earlier.findLast(same) ?? null) : null;
  const raw = spec.bits === 0 && last;
  const name = `conv${index + 1}`;
  return {
    kind: 'conv',
    name,
    sources: [name],
    input: from.name,
    output: to.name,
    kernel,
    strides,
    dilations,
    pads,
    groups: spec.depthwise ? from.channels : 1,
    weights,
    weightFormat: { bits: weightBits },
    useful: true,
    requantize: raw ? null : requantize(spec, ranges, to, residual, random),
    accRange: { min: Math.min(...ranges.map(({ min }) => min)), max: Math.max(...ranges.map(({ max }) => max)) },
    exactness: { kind: 'exact' },
  };
}

/** Codes are 0..top, so the extremes take top where the weight has the right sign. Zero is reachable by no claim of ours, but harmless. */
function range(weights: Int8Array, top: number): { min: number; max: number } {
  let min = 0;
  let max = 0;
  for (const weight of weights) {
    if (weight < 0) min += weight * top;
    else max += weight * top;
  }
  return { min, max };
}

/** Spreads a middle part of each channel's range over the output codes, so that both ends clamp now and then. */
function requantize(
  spec: ConvSpec,
  ranges: readonly { min: number; max: number }[],
  to: CodeTensor,
  residual: CodeTensor | null,
  random: RandomSource,
): Requantize {
  const hi = 2 ** to.bits - 1;
  const n = ranges.map(() => random.integer(8, 16));
  const span = ranges.map(({ min, max }) => Math.max(1, (max - min) * (0.2 + 0.5 * random.uniform())));
  const m = ranges.map(
    (_, c) => Math.max(1, Math.round((hi * 2 ** n[c]!) / span[c]!)) * (random.integer(0, 7) === 0 ? -1 : 1),
  );
  const middle = ranges.map(({ min, max }) => (min + max) / 2);
  const b = ranges.map(
    (_, c) => BigInt(Math.round((hi / 2) * 2 ** n[c]! - m[c]! * middle[c]!)) + BigInt(random.integer(-99, 99)),
  );
  const scale = residual ? (hi / (2 ** residual.bits - 1)) * (random.uniform() - 0.5) : 0;
  return {
    m,
    b,
    n,
    round: spec.round,
    lo: random.integer(0, 3) === 0 ? Math.min(hi, random.integer(0, 5)) : 0,
    hi,
    residual: residual && { tensor: residual.name, m: n.map((shift) => Math.round(scale * 2 ** shift)) },
  };
}
