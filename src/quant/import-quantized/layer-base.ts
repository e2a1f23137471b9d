/** Nodes of the graph as accumulators of codes. */
import { SystoleError } from '../../base/error.js';
import type { AveragePoolNode, ConvNode, DenseNode, WeightCodes } from '../../frontend/graph.js';
import type { MapShape } from '../lower.js';
import type { WeightArray } from '../network.js';
import { weightSums } from '../quantize-layer.js';
import { type Dyadic, dyadic, multiply } from '../rational.js';
import { ofChannel } from './grid.js';
import { accumulatorForm, shifted } from './real-form.js';
import type { Coded, LayerBase, Pending } from './values.js';

/** Weights of one are 1 in two's complement. */
const ONES_BITS = 2;

type Named = Pick<Pending, 'output' | 'sources'> & { readonly name: string };

/** @throws SystoleError network-unsupported for weights that the model does not carry as codes */
export function convPending(node: ConvNode, input: Coded): Pending {
  const codes = requireCodes(node);
  const [, perGroup, kh, kw] = node.weights.shape as readonly [number, number, number, number];
  const weights = channelsLast(codes.values, { channels: perGroup, pixels: kh * kw });
  const { kernel, strides, dilations, pads, groups } = node;
  const window = { kernel, strides, dilations, pads };
  return weighted(node, { ...window, groups, useful: true, weights }, codes, input);
}

/** A kernel of the whole map. */
export function densePending(node: DenseNode, input: Coded, { height, width, channels }: MapShape): Pending {
  const codes = requireCodes(node);
  const weights = channelsLast(codes.values, { channels, pixels: height * width });
  const window = { ...POINT, kernel: [height, width] as const };
  return weighted(node, { ...window, groups: 1, useful: true, weights }, codes, input);
}

export function averagePending(node: AveragePoolNode, input: Coded, channels: number): Pending {
  const { kernel, strides, dilations, pads } = node;
  return ones(
    node,
    { kernel, strides, dilations, pads },
    { input, channels, divisor: kernel[0] * kernel[1], times: 1 },
  );
}

/** The input itself, `times` it. */
export function identityPending(node: Named, input: Coded, channels: number, times = 1): Pending {
  return ones(node, POINT, { input, channels, divisor: 1, times });
}

type Window = Pick<LayerBase, 'kernel' | 'strides' | 'dilations' | 'pads'>;
const POINT: Window = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };

function requireCodes(node: ConvNode | DenseNode): WeightCodes {
  if (node.codes !== undefined) return node.codes;
  throw new SystoleError('network-unsupported', 'its input is quantized, its weights are not', {
    where: node.name,
    expected: 'weights with codes (DequantizeLinear or Quant of a constant)',
    hint: 'quantize the weights in the model as well, or compile the float model',
  });
}

function weighted(
  node: ConvNode | DenseNode,
  made: Omit<LayerBase, 'name' | 'weightBits'>,
  codes: WeightCodes,
  input: Coded,
): Pending {
  const channels = node.bias.data.length;
  if (input.scales.length > 1 && made.groups !== input.scales.length) {
    throw new SystoleError('network-unsupported', 'the channels that one sum adds up have scales of their own', {
      where: node.name,
      expected: 'one activation scale a tensor, or a depthwise convolution behind it',
    });
  }
  const sums = weightSums(made.weights, channels);
  const inputScale = (c: number): Dyadic => ofChannel(input.scales, Math.floor((c * input.scales.length) / channels));
  return {
    kind: 'pending',
    ...{ base: { ...made, name: node.name, weightBits: codes.bipolar ? 1 : codes.bits }, input },
    ...{ output: node.output, sources: node.sources, residual: null, pools: [], onInputGrid: false },
    channels: sums.map((sum, c) => {
      const step = multiply(dyadic(ofChannel([...codes.scale], c)), inputScale(c));
      return { form: shifted(accumulatorForm(step, input.zero * sum, 1), dyadic(node.bias.data[c]!)), bounds: [] };
    }),
  };
}

function ones(
  node: Named,
  window: Window,
  of: { readonly input: Coded; readonly channels: number; readonly divisor: number; readonly times: number },
): Pending {
  const { input, channels } = of;
  const taps = window.kernel[0] * window.kernel[1];
  const weights = new Int8Array(channels * taps).fill(1);
  const base = { name: node.name, ...window, groups: channels, weights, weightBits: ONES_BITS, useful: false };
  return {
    kind: 'pending',
    ...{ base, input, output: node.output, sources: node.sources, residual: null, pools: [], onInputGrid: false },
    channels: Array.from({ length: channels }, (_, c) => {
      const step = multiply(ofChannel(input.scales, c), dyadic(of.times));
      return { form: accumulatorForm(step, input.zero * taps, of.divisor), bounds: [] };
    }),
  };
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
