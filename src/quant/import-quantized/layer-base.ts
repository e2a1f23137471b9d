/** Nodes of the graph as accumulators of codes. */
import { SystoleError } from '../../base/error.js';
import type { ConvNode, DenseNode, MulNode, WeightCodes } from '../../frontend/graph.js';
import type { MapShape } from '../float-network.js';
import type { WeightArray } from '../network.js';
import { weightSums } from '../quantize-layer.js';
import { type Dyadic, dyadic, multiply } from '../rational.js';
import { channelOf } from './channel.js';
import { ofChannel } from './grid.js';
import { accumulatorForm, type RealForm, shifted } from './real-form.js';
import { commonUnit } from './scale-unit.js';
import type { Coded, LayerBase, Pending, WindowBase } from './values.js';

/** Weights of one are 1 in two's complement. */
const ONES_BITS = 2;
/** As wide as a machine's weight digits can be told for. */
const MOST_WEIGHT = 2 ** 15 - 1;

type Named = Pick<Pending, 'output' | 'sources'> & { readonly name: string };
type Window = Pick<WindowBase, 'kernel' | 'strides' | 'dilations' | 'pads'>;

/** @throws SystoleError network-unsupported for weights that the model does not carry as codes */
export function convPending(node: ConvNode, input: Coded, shape: MapShape): Pending {
  const codes = requireCodes(node);
  const [, perGroup, kh, kw] = node.weights.shape as readonly [number, number, number, number];
  const weights = channelsLast(codes.values, { channels: perGroup, pixels: kh * kw });
  return weighted(node, { ...windowOf(node), groups: node.groups, weights }, codes, { input, shape });
}

/** A kernel of the whole map. */
export function densePending(node: DenseNode, input: Coded, from: MapShape): Pending {
  const codes = requireCodes(node);
  const { height, width, channels } = from;
  const weights = channelsLast(codes.values, { channels, pixels: height * width });
  const window = { ...POINT, kernel: [height, width] as const };
  const shape = { height: 1, width: 1, channels: node.bias.data.length };
  return weighted(node, { ...window, groups: 1, weights }, codes, { input, shape });
}

/** Padded taps are zeros that count. */
export function averagePending(node: Named & Window, input: Coded, shape: MapShape): Pending {
  return ones(node, windowOf(node), { input, shape, divisor: node.kernel[0] * node.kernel[1], times: 1 });
}

/** The input itself, `times` it. */
export function identityPending(node: Named, input: Coded, shape: MapShape, times = 1): Pending {
  return ones(node, POINT, { input, shape, divisor: 1, times });
}

/** The product of two tensors; both zeros are codes. */
export function productPending(node: MulNode, a: Coded, b: Coded, shape: MapShape): Pending {
  const forms = Array.from({ length: shape.channels }, (_, c) =>
    accumulatorForm(multiply(ofChannel(a.scales, c), ofChannel(b.scales, c)), 0, 1),
  );
  return pendingOf(node, { kind: 'product', name: node.name, other: b }, { input: a, shape, forms });
}

export const POINT: Window = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };

export function windowOf({ kernel, strides, dilations, pads }: Window): Window {
  return { kernel, strides, dilations, pads };
}

interface Around {
  readonly input: Coded;
  readonly shape: MapShape;
  readonly forms: readonly RealForm[];
}

export function pendingOf(node: Named, base: LayerBase, { input, shape, forms }: Around): Pending {
  return {
    kind: 'pending',
    ...{ base, input, shape, output: node.output, sources: node.sources, residual: null, pools: [] },
    ...{ falls: forms.map(() => false), onInputGrid: false, steps: [], curve: null },
    channels: forms.map(channelOf),
  };
}

function requireCodes(node: ConvNode | DenseNode): WeightCodes {
  if (node.codes !== undefined) return node.codes;
  throw new SystoleError('network-unsupported', 'its input is quantized, its weights are not', {
    where: node.name,
    expected: 'weights with codes (DequantizeLinear or Quant of a constant)',
    hint: 'give sample inputs (--calibration) to have them quantized, quantize them in the model as well, or compile the float model',
  });
}

function weighted(
  node: ConvNode | DenseNode,
  made: Window & Pick<WindowBase, 'groups' | 'weights'>,
  codes: WeightCodes,
  { input, shape }: Omit<Around, 'forms'>,
): Pending {
  const channels = node.bias.data.length;
  const one = oneScale(node, made, input, channels);
  const sums = weightSums(one.weights, channels);
  const forms = sums.map((sum, c) => {
    const step = multiply(dyadic(ofChannel([...codes.scale], c)), one.scale(c));
    return shifted(accumulatorForm(step, input.zero * sum, 1), dyadic(node.bias.data[c]!));
  });
  const bits = codes.bipolar && one.weights === made.weights ? 1 : Math.max(one.bits, codes.bits);
  const base = {
    ...made,
    weights: one.weights,
    kind: 'window',
    name: node.name,
    weightBits: bits,
    useful: true,
  } as const;
  return pendingOf(node, base, { input, shape, forms });
}

interface OneScale {
  readonly weights: WeightArray;
  readonly bits: number;
  /** Of the input, for an output channel. */
  scale(channel: number): Dyadic;
}

/** Scales of single input channels: a depthwise convolution has one for each output; in a sum they go into the weights where they can. */
function oneScale(
  node: ConvNode | DenseNode,
  { groups, weights }: Pick<WindowBase, 'groups' | 'weights'>,
  { scales }: Coded,
  channels: number,
): OneScale {
  if (scales.length === 1 || groups === scales.length) {
    return { weights, bits: 0, scale: (c) => ofChannel(scales, Math.floor((c * scales.length) / channels)) };
  }
  const unit = commonUnit(scales);
  const perGroup = scales.length / groups;
  const taps = weights.length / channels;
  const times = (at: number): number => {
    const group = Math.floor(Math.floor(at / taps) / (channels / groups));
    return unit?.times[group * perGroup + (at % perGroup)] ?? Number.POSITIVE_INFINITY;
  };
  const values = Array.from(weights, (w, at) => (w === 0 ? 0 : w * times(at)));
  const most = values.reduce((size, w) => Math.max(size, Math.abs(w)), 0);
  if (unit === null || most > MOST_WEIGHT) {
    throw new SystoleError('network-unsupported', 'the channels that one sum adds up have scales of their own', {
      where: node.name,
      expected: 'one activation scale a tensor, or scales that are small multiples of one',
      hint: 'quantize the input of this layer per tensor',
    });
  }
  const bits = Math.ceil(Math.log2(most + 1)) + 1;
  return { weights: bits > 8 ? Int16Array.from(values) : Int8Array.from(values), bits, scale: () => unit.scale };
}

function ones(
  node: Named,
  window: Window,
  of: { readonly input: Coded; readonly shape: MapShape; readonly divisor: number; readonly times: number },
): Pending {
  const { input, shape } = of;
  const { channels } = shape;
  const taps = window.kernel[0] * window.kernel[1];
  const weights = new Int8Array(channels * taps).fill(1);
  const shared = { kind: 'window', name: node.name, weightBits: ONES_BITS, useful: false } as const;
  const forms = Array.from({ length: channels }, (_, c) => {
    const step = multiply(ofChannel(input.scales, c), dyadic(of.times));
    return accumulatorForm(step, input.zero * taps, of.divisor);
  });
  return pendingOf(node, { ...shared, ...window, groups: channels, weights }, { input, shape, forms });
}

/** [Cout][channels][pixels] -> [Cout][pixels][channels] */
function channelsLast(values: Int16Array, size: { readonly channels: number; readonly pixels: number }): WeightArray {
  const { channels, pixels } = size;
  const block = channels * pixels;
  const fits = values.every((w) => w >= -128 && w < 128);
  const out = fits ? new Int8Array(values.length) : new Int16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const within = i % block;
    const at = i - within + (within % pixels) * channels + Math.floor(within / pixels);
    out[at] = values[i]!;
  }
  return out;
}
