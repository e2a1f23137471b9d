/** Nodes that sum up -> convolutions: dense layers are kernels of the whole map, pools and adds have weights of one. */
import type { AddNode, AffineNode, AveragePoolNode, Clamp, ConvNode, DenseNode, GraphNode } from '../frontend/graph.js';
import type { FloatConv, FloatWeights, FloatWindow, MapShape } from './float-network.js';
import { add, type Dyadic, dyadic, multiply, negate } from './rational.js';

export const POINT: FloatWindow = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
export const NO_CLAMP: Clamp = { min: null, max: null };
const ONE = dyadic(1);

export function lowerConv(node: ConvNode): FloatConv {
  const [outputs, perGroup, kh, kw] = node.weights.shape as readonly [number, number, number, number];
  const data = channelsLast(node.weights.data, outputs, perGroup, kh * kw);
  return weighted(node, { ...windowOf(node), groups: node.groups, weights: { kind: 'float', data } });
}

/** Weights [Cout, C*H*W] in NCHW order become a kernel of the whole map, [Cout][H][W][C]. */
export function lowerDense(node: DenseNode, { height, width, channels }: MapShape): FloatConv {
  const data = channelsLast(node.weights.data, node.weights.shape[0]!, channels, height * width);
  return weighted(node, { ...POINT, kernel: [height, width], groups: 1, weights: { kind: 'float', data } });
}

/** [Cout][channels][pixels] -> [Cout][pixels][channels] */
function channelsLast(values: Float32Array, outputs: number, channels: number, pixels: number): Float32Array {
  const data = new Float32Array(values.length);
  for (let co = 0; co < outputs; co++) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < pixels; p++) {
        data[(co * pixels + p) * channels + c] = values[(co * channels + c) * pixels + p]!;
      }
    }
  }
  return data;
}

function weighted(
  node: ConvNode | DenseNode,
  made: FloatWindow & { readonly groups: number; readonly weights: FloatWeights },
): FloatConv {
  return {
    kind: 'conv',
    ...common(node),
    ...made,
    input: node.input,
    bias: node.bias.data,
    clamp: node.clamp,
    residual: null,
    function: null,
    useful: true,
  };
}

/** Which operands of an add meet how: the sum is `sign` times what `input` gives, plus `residualSign` times the residual. */
export interface AddParts {
  readonly input: string;
  readonly sign: 1 | -1;
  readonly residual: string;
  readonly residualSign: 1 | -1;
}

/** The convolution that makes one operand takes the other one as its residual: the sum is rounded only once. */
export function fuseAdd(node: AddNode, conv: FloatConv, parts: AddParts): FloatConv {
  return {
    ...scaledSum(conv, parts.sign, 0),
    sources: [...conv.sources, ...node.sources],
    output: node.output,
    clamp: node.clamp,
    residual: { tensor: parts.residual, factors: [dyadic(parts.residualSign)] },
  };
}

export function lowerAdd(node: AddNode, channels: number, parts: AddParts): FloatConv {
  const base = scaledSum(ones(node, parts.input, channels, POINT), parts.sign, 0);
  return { ...base, clamp: node.clamp, residual: { tensor: parts.residual, factors: [dyadic(parts.residualSign)] } };
}

/** A tensor and itself: twice it, or nothing. */
export function lowerDouble(node: AddNode, channels: number): FloatConv {
  const base = scaledSum(ones(node, node.inputs[0], channels, POINT), node.sign === -1 ? 0 : 2, 0);
  return { ...base, clamp: node.clamp };
}

/** @param divisor number of taps that count */
export function lowerAverage(node: AveragePoolNode, input: string, channels: number, divisor: number): FloatConv {
  return { ...ones(node, input, channels, windowOf(node), divisor), clamp: node.clamp };
}

/** y = x*scale[c] + shift[c]: one weight a channel, its sign in the code and its size in the scale. */
export function lowerAffine(node: AffineNode, channels: number): FloatConv {
  const codes = Int8Array.from(node.scale, (s) => Math.sign(s));
  const scales = Array.from(node.scale, sizeOf);
  return {
    ...ones(node, node.input, channels, POINT),
    weights: { kind: 'fixed', codes, scales, divisor: 1 },
    bias: node.shift,
    clamp: node.clamp,
  };
}

/** `times` the sum, plus `shift`; no clamp or function may stand behind it yet. */
export function scaledSum(conv: FloatConv, times: number, shift: number): FloatConv {
  if (times === 1 && shift === 0) return conv;
  const factors = (list: readonly Dyadic[]): Dyadic[] =>
    list.map((factor) => (times === -1 ? negate(factor) : multiply(factor, dyadic(times))));
  return {
    ...conv,
    weights: scaledWeights(conv.weights, times),
    bias: conv.bias.map((b) => Math.fround(b * times) + shift),
    residual: conv.residual && { ...conv.residual, factors: factors(conv.residual.factors) },
  };
}

function scaledWeights(weights: FloatWeights, times: number): FloatWeights {
  if (weights.kind === 'float') return { ...weights, data: weights.data.map((w) => w * times) };
  const sign = Math.sign(times);
  return {
    ...weights,
    codes: weights.codes.map((w) => w * sign),
    scales: weights.scales.map((s) => s * sizeOf(times)),
  };
}

function sizeOf(factor: number): number {
  return factor === 0 ? 1 : Math.abs(factor);
}

type Named = Pick<GraphNode, 'name' | 'sources' | 'output'>;

/** Weights of one, channel by channel. */
export function ones(node: Named, input: string, channels: number, window: FloatWindow, divisor = 1): FloatConv {
  const taps = window.kernel[0] * window.kernel[1];
  return {
    kind: 'conv',
    ...common(node),
    ...window,
    input,
    groups: channels,
    weights: {
      kind: 'fixed',
      codes: new Int8Array(channels * taps).fill(1),
      scales: new Array<number>(channels).fill(1),
      divisor,
    },
    bias: new Float32Array(channels),
    clamp: NO_CLAMP,
    residual: null,
    function: null,
    useful: false,
  };
}

export function common(node: Named): Pick<FloatConv, 'name' | 'sources' | 'output'> {
  return { name: node.name, sources: node.sources, output: node.output };
}

export function windowOf({ kernel, strides, dilations, pads }: FloatWindow): FloatWindow {
  return { kernel, strides, dilations, pads };
}

/** u*s + relu(u)*(1 - s): u where it is positive, u*s where not, exactly. */
export function lowerSlopes(node: Named, input: string, relu: string, slopes: Float32Array): FloatConv {
  return {
    ...ones(node, input, slopes.length, POINT),
    weights: {
      kind: 'fixed',
      codes: Int8Array.from(slopes, Math.sign),
      scales: Array.from(slopes, sizeOf),
      divisor: 1,
    },
    residual: { tensor: relu, factors: Array.from(slopes, (s) => add(ONE, negate(dyadic(s)))) },
  };
}
