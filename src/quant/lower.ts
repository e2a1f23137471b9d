/**
 * Graph nodes -> float layers in the integer network's own form (NHWC, one kind for everything that multiplies),
 * residual adds fused into the convolution that makes one operand. No numbers are quantized here.
 */
import { SystoleError } from '../base/error.js';
import type {
  AddNode,
  AffineNode,
  AveragePoolNode,
  Clamp,
  ConvNode,
  DenseNode,
  Graph,
  GraphNode,
  MaxPoolNode,
} from '../frontend/graph.js';
import { countUses } from '../frontend/graph-nodes.js';

export interface MapShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

interface FloatWindow {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
}

export interface FloatConv extends FloatWindow {
  readonly kind: 'conv';
  readonly name: string;
  readonly sources: readonly string[];
  readonly input: string;
  readonly output: string;
  /** As in the graph: any divisor of the channels. */
  readonly groups: number;
  readonly weights: FloatWeights;
  /** [Cout] */
  readonly bias: Float32Array;
  readonly clamp: Clamp;
  readonly residual: string | null;
  /** Conv, Gemm or MatMul of the source model. */
  readonly useful: boolean;
}

/** All [Cout][kh][kw][Cin/groups]. */
export type FloatWeights =
  | { readonly kind: 'float'; readonly data: Float32Array }
  /** Codes known beforehand, each worth scales[Cout] / divisor: ones of a pool or residual add, signs of an affine layer. */
  | {
      readonly kind: 'fixed';
      readonly codes: Int8Array;
      readonly scales: readonly number[];
      readonly divisor: number;
    };

export interface FloatMaxPool extends FloatWindow {
  readonly kind: 'maxpool';
  readonly name: string;
  readonly sources: readonly string[];
  readonly input: string;
  readonly output: string;
}
export type FloatLayer = FloatConv | FloatMaxPool;

const POINT: FloatWindow = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
const NO_CLAMP: Clamp = { min: null, max: null };

/** Layers in an order in which every operand is made before it is used. */
export function lowerGraph(graph: Graph): FloatLayer[] {
  const uses = countUses(graph);
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  const fused = new Map<string, ConvNode | DenseNode>();
  for (const node of graph.nodes) {
    if (node.kind !== 'add' || node.inputs[0] === node.inputs[1]) continue;
    const host = fusableOperand(node, producers, uses);
    if (host !== null) fused.set(node.output, host);
  }
  const absorbed = new Set([...fused.values()].map((node) => node.output));
  return graph.nodes
    .filter((node) => !absorbed.has(node.output))
    .map((node) => lowerNode(graph, node, fused.get(node.output) ?? null));
}

/** Height, width, channels of a tensor; a vector is a map of one pixel. */
export function mapShape(graph: Graph, name: string): MapShape {
  const shape = graph.tensors.get(name)?.shape ?? [];
  return { channels: shape[1] ?? 1, height: shape[2] ?? 1, width: shape[3] ?? 1 };
}

/** The later operand that is an unclamped convolution used by nothing else: the sum is then rounded only once. */
function fusableOperand(
  node: AddNode,
  producers: ReadonlyMap<string, GraphNode>,
  uses: ReadonlyMap<string, number>,
): ConvNode | DenseNode | null {
  const order = [...producers.keys()];
  const operands = [...node.inputs].sort((a, b) => order.indexOf(b) - order.indexOf(a));
  for (const name of operands) {
    const producer = producers.get(name);
    if (producer?.kind !== 'conv' && producer?.kind !== 'dense') continue;
    if (uses.get(name) === 1 && producer.clamp.min === null && producer.clamp.max === null) return producer;
  }
  return null;
}

function lowerNode(graph: Graph, node: GraphNode, host: ConvNode | DenseNode | null): FloatLayer {
  switch (node.kind) {
    case 'conv':
      return lowerConv(node);
    case 'dense':
      return lowerDense(graph, node);
    case 'add':
      return host === null ? lowerAdd(graph, node) : fuseAdd(graph, node, host);
    case 'affine':
      return lowerAffine(graph, node);
    case 'averagepool':
      return lowerAveragePool(graph, node);
    case 'maxpool':
      return lowerMaxPool(node);
    case 'mul':
    case 'pointwise':
    case 'arrange':
      throw new SystoleError('network-unsupported', `a node of kind ${node.kind} is not quantized yet`, {
        where: node.name,
      });
    case 'quant':
      throw new SystoleError('network-unsupported', 'a model that arrives quantized is not quantized again', {
        where: node.name,
      });
  }
}

function lowerConv(node: ConvNode): FloatConv {
  const [outputs, perGroup, kh, kw] = node.weights.shape as readonly [number, number, number, number];
  const data = new Float32Array(outputs * kh * kw * perGroup);
  for (let co = 0; co < outputs; co++) {
    for (let ci = 0; ci < perGroup; ci++) {
      for (let k = 0; k < kh * kw; k++) {
        data[(co * kh * kw + k) * perGroup + ci] = node.weights.data[(co * perGroup + ci) * kh * kw + k]!;
      }
    }
  }
  return {
    kind: 'conv',
    ...common(node),
    ...windowOf(node),
    input: node.input,
    groups: node.groups,
    weights: { kind: 'float', data },
    bias: node.bias.data,
    clamp: node.clamp,
    residual: null,
    useful: true,
  };
}

/** Weights [Cout, C*H*W] in NCHW order become a kernel of the whole map, [Cout][H][W][C]. */
function lowerDense(graph: Graph, node: DenseNode): FloatConv {
  const { height, width, channels } = mapShape(graph, node.input);
  const outputs = node.weights.shape[0]!;
  const pixels = height * width;
  const data = new Float32Array(outputs * pixels * channels);
  for (let co = 0; co < outputs; co++) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < pixels; p++) {
        data[(co * pixels + p) * channels + c] = node.weights.data[(co * channels + c) * pixels + p]!;
      }
    }
  }
  return {
    kind: 'conv',
    ...common(node),
    ...POINT,
    kernel: [height, width],
    input: node.input,
    groups: 1,
    weights: { kind: 'float', data },
    bias: node.bias.data,
    clamp: node.clamp,
    residual: null,
    useful: true,
  };
}

function fuseAdd(graph: Graph, node: AddNode, host: ConvNode | DenseNode): FloatConv {
  const conv = host.kind === 'conv' ? lowerConv(host) : lowerDense(graph, host);
  const residual = node.inputs[0] === host.output ? node.inputs[1] : node.inputs[0];
  return {
    ...conv,
    name: host.name,
    sources: [...host.sources, ...node.sources],
    output: node.output,
    clamp: node.clamp,
    residual,
  };
}

function lowerAdd(graph: Graph, node: AddNode): FloatConv {
  const { channels } = mapShape(graph, node.output);
  const same = node.inputs[0] === node.inputs[1];
  return {
    ...ones(node, node.inputs[0], channels, POINT, same ? 2 : 1),
    clamp: node.clamp,
    residual: same ? null : node.inputs[1],
  };
}

function lowerAveragePool(graph: Graph, node: AveragePoolNode): FloatConv {
  const { channels } = mapShape(graph, node.output);
  const area = node.kernel[0] * node.kernel[1];
  return { ...ones(node, node.input, channels, windowOf(node), 1, area), clamp: node.clamp };
}

/** y = x*scale[c] + shift[c]: one weight a channel, its sign in the code and its size in the scale. */
function lowerAffine(graph: Graph, node: AffineNode): FloatConv {
  const { channels } = mapShape(graph, node.output);
  const base = ones(node, node.input, channels, POINT, 1);
  const codes = Int8Array.from(node.scale, (s) => Math.sign(s));
  const scales = Array.from(node.scale, (s) => (s === 0 ? 1 : Math.abs(s)));
  return {
    ...base,
    weights: { kind: 'fixed', codes, scales, divisor: 1 },
    bias: node.shift,
    clamp: node.clamp,
  };
}

function lowerMaxPool(node: MaxPoolNode): FloatMaxPool {
  return { kind: 'maxpool', ...common(node), ...windowOf(node), input: node.input };
}

function ones(
  node: GraphNode,
  input: string,
  channels: number,
  window: FloatWindow,
  scale: number,
  divisor = 1,
): FloatConv {
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
      scales: new Array<number>(channels).fill(scale),
      divisor,
    },
    bias: new Float32Array(channels),
    clamp: NO_CLAMP,
    residual: null,
    useful: false,
  };
}

function common(node: GraphNode): Pick<FloatConv, 'name' | 'sources' | 'output'> {
  return { name: node.name, sources: node.sources, output: node.output };
}

function windowOf(node: FloatWindow): FloatWindow {
  return { kernel: node.kernel, strides: node.strides, dilations: node.dilations, pads: node.pads };
}
