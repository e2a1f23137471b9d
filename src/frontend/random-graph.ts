/**
 * Random small networks for regressions: convolutions of any window, depthwise ones, residual adds, pools, dense layers,
 * channel counts that are no multiple of anything. The same seed gives the same network.
 */
import { type RandomSource, randomSource } from '../base/random.js';
import type { Clamp, Constant, ConvNode, Graph, GraphNode, GraphTensor, Shape, Window2d } from './graph.js';

const MOST_LAYERS = 5;
const LARGEST_MAP = 12;
const MOST_CHANNELS = 19;
const LAYERS = ['conv', 'conv', 'conv', 'depthwise', 'residual', 'maxpool', 'averagepool'] as const;

/** A valid graph (check-graph.ts): one input [1, C, H, W], one output, nothing for the host. */
export function randomGraph(seed: number): Graph {
  const random = randomSource(seed);
  const shape = [1, random.integer(1, 7), random.integer(2, LARGEST_MAP), random.integer(2, LARGEST_MAP)];
  const state: State = {
    random,
    nodes: [],
    tensors: new Map([['x', { name: 'x', shape }]]),
    last: { name: 'x', shape },
  };
  const layers = random.integer(1, MOST_LAYERS);
  for (let i = 0; i < layers; i++) addLayer(state, LAYERS[random.integer(0, LAYERS.length - 1)]!);
  if (random.integer(0, 2) > 0 || state.nodes.every(({ kind }) => kind !== 'conv')) addDense(state);
  return {
    name: `random-${seed}`,
    inputs: [{ name: 'x', shape }],
    outputs: [state.last],
    host: [],
    modelOutputs: [{ ...state.last, value: state.last.name, type: 'float32' }],
    nodes: state.nodes,
    tensors: state.tensors,
  };
}

interface State {
  readonly random: RandomSource;
  readonly nodes: GraphNode[];
  readonly tensors: Map<string, GraphTensor>;
  last: GraphTensor;
}

function addLayer(state: State, kind: (typeof LAYERS)[number]): void {
  const { random, last } = state;
  const channels = channelsOf(last.shape);
  if (kind === 'conv') addConv(state, randomWindow(state), random.integer(1, MOST_CHANNELS), 1);
  else if (kind === 'depthwise') addConv(state, randomWindow(state), channels, channels);
  else if (kind === 'residual') addResidual(state);
  else {
    const window = { ...randomWindow(state), dilations: [1, 1] as const, pads: [0, 0, 0, 0] as const };
    const node = { ...named(state, kind), input: last.name, ...window };
    const pool = kind === 'maxpool' ? { ...node, kind } : { ...node, kind, clamp: randomClamp(random) };
    add(state, pool, windowed(last.shape, window, channels));
  }
}

function addConv(
  state: State,
  window: Window2d,
  channels: number,
  groups: number,
  clamp = randomClamp(state.random),
): void {
  const { last, random } = state;
  const weights = randomConstant(random, [channels, channelsOf(last.shape) / groups, ...window.kernel]);
  const bias = randomConstant(random, [channels]);
  const node: ConvNode = {
    ...named(state, 'conv'),
    kind: 'conv',
    input: last.name,
    ...window,
    groups,
    weights,
    bias,
    clamp,
  };
  add(state, node, windowed(last.shape, window, channels));
}

/** A convolution that keeps its input's shape, and its input added to it. */
function addResidual(state: State): void {
  const { last, random } = state;
  const side = random.integer(0, 1) === 0 ? 1 : 3;
  const pad = (side - 1) / 2;
  const window = { kernel: [side, side], strides: [1, 1], dilations: [1, 1], pads: [pad, pad, pad, pad] } as const;
  addConv(state, window, channelsOf(last.shape), 1, { min: null, max: null });
  const inputs = [state.last.name, last.name] as const;
  add(state, { ...named(state, 'add'), kind: 'add', inputs, clamp: randomClamp(random) }, last.shape);
}

function addDense(state: State): void {
  const { last, random } = state;
  const outputs = random.integer(1, MOST_CHANNELS);
  const weights = randomConstant(random, [outputs, last.shape.reduce((a, b) => a * b, 1)]);
  const bias = randomConstant(random, [outputs]);
  const clamp = { min: null, max: null };
  add(state, { ...named(state, 'dense'), kind: 'dense', input: last.name, weights, bias, clamp }, [1, outputs]);
}

function add(state: State, node: GraphNode, shape: Shape): void {
  state.nodes.push(node);
  state.last = { name: node.output, shape };
  state.tensors.set(node.output, state.last);
}

function named({ nodes }: State, kind: string) {
  const name = `${kind}${nodes.length}`;
  return { name, sources: [name], output: `${name}_out` };
}

/** A window that fits the map; no pad reaches a kernel's whole width. */
function randomWindow({ random, last }: State): Window2d {
  const axis = (size: number) => {
    const kernel = random.integer(1, Math.min(5, size));
    const dilation = kernel > 1 && random.integer(0, 3) === 0 && (kernel - 1) * 2 + 1 <= size ? 2 : 1;
    const pad = () => (random.integer(0, 1) === 0 ? 0 : random.integer(0, kernel - 1));
    return { kernel, dilation, stride: random.integer(1, 3), before: pad(), after: pad() };
  };
  const y = axis(last.shape[2]!);
  const x = axis(last.shape[3]!);
  return {
    kernel: [y.kernel, x.kernel],
    strides: [y.stride, x.stride],
    dilations: [y.dilation, x.dilation],
    pads: [y.before, x.before, y.after, x.after],
  };
}

function windowed([, , height, width]: Shape, { kernel, strides, dilations, pads }: Window2d, channels: number): Shape {
  const size = (axis: 0 | 1, length: number) => {
    const room = length + pads[axis] + pads[axis + 2]! - ((kernel[axis] - 1) * dilations[axis] + 1);
    return Math.floor(room / strides[axis]) + 1;
  };
  return [1, channels, size(0, height!), size(1, width!)];
}

function randomClamp(random: RandomSource): Clamp {
  const clamps: readonly Clamp[] = [
    { min: 0, max: null },
    { min: 0, max: 1 },
    { min: null, max: null },
  ];
  return clamps[random.integer(0, clamps.length - 1)]!;
}

/** In -1..1, scaled down so that sums of many of them stay near 1. */
function randomConstant(random: RandomSource, shape: Shape): Constant {
  const size = shape.reduce((a, b) => a * b, 1);
  const scale = 1 / Math.sqrt(Math.max(1, size / shape[0]!));
  return { shape, data: Float32Array.from({ length: size }, () => scale * (2 * random.uniform() - 1)) };
}

const channelsOf = (shape: Shape): number => shape[1]!;
