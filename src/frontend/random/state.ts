/** A random network under construction. */
import type { RandomSource } from '../../base/random.js';
import type { ArrangePart, Clamp, Constant, GraphNode, GraphTensor, MapGrid, Shape, Window2d } from '../graph.js';

export interface State {
  readonly random: RandomSource;
  readonly nodes: GraphNode[];
  readonly tensors: Map<string, GraphTensor>;
  last: GraphTensor;
}

export function add(state: State, node: GraphNode, shape: Shape): void {
  state.nodes.push(node);
  state.last = { name: node.output, shape };
  state.tensors.set(node.output, state.last);
}

export function named({ nodes }: State, kind: string) {
  const name = `${kind}${nodes.length}`;
  return { name, sources: [name], output: `${name}_out` };
}

/** A window that fits the map; no pad reaches a kernel's whole width. */
export function randomWindow({ random, last }: State): Window2d {
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

export function windowed(
  [, , height, width]: Shape,
  { kernel, strides, dilations, pads }: Window2d,
  channels: number,
): Shape {
  const size = (axis: 0 | 1, length: number) => {
    const room = length + pads[axis] + pads[axis + 2]! - ((kernel[axis] - 1) * dilations[axis] + 1);
    return Math.floor(room / strides[axis]) + 1;
  };
  return [1, channels, size(0, height!), size(1, width!)];
}

export function randomClamp(random: RandomSource): Clamp {
  const clamps: readonly Clamp[] = [
    { min: 0, max: null },
    { min: 0, max: 1 },
    { min: null, max: null },
  ];
  return clamps[random.integer(0, clamps.length - 1)]!;
}

/** In -1..1, scaled down so that sums of many of them stay near 1. */
export function randomConstant(random: RandomSource, shape: Shape): Constant {
  const size = shape.reduce((a, b) => a * b, 1);
  const scale = 1 / Math.sqrt(Math.max(1, size / shape[0]!));
  return { shape, data: Float32Array.from({ length: size }, () => scale * (2 * random.uniform() - 1)) };
}

export const channelsOf = (shape: Shape): number => shape[1]!;

export const OPEN: Clamp = { min: null, max: null };

/** Places one behind the other from a corner on. */
export function grid(corner: Partial<MapGrid> = {}): MapGrid {
  return { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1, ...corner };
}

export function addArrange(state: State, parts: readonly ArrangePart[], fill: number, shape: Shape): void {
  add(state, { ...named(state, 'arrange'), kind: 'arrange', parts, fill }, shape);
}
