/** Layers with weights, sums and pools. */
import type { ConvNode, Window2d } from '../graph.js';
import { add, channelsOf, named, randomClamp, randomConstant, randomWindow, type State, windowed } from './state.js';

export const MOST_CHANNELS = 19;

export function addConv(
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
export function addResidual(state: State): void {
  const { last, random } = state;
  const side = random.integer(0, 1) === 0 ? 1 : 3;
  const pad = (side - 1) / 2;
  const window = { kernel: [side, side], strides: [1, 1], dilations: [1, 1], pads: [pad, pad, pad, pad] } as const;
  addConv(state, window, channelsOf(last.shape), 1, { min: null, max: null });
  const inputs = [state.last.name, last.name] as const;
  add(state, { ...named(state, 'add'), kind: 'add', inputs, clamp: randomClamp(random) }, last.shape);
}

export function addDense(state: State): void {
  const { last, random } = state;
  const outputs = random.integer(1, MOST_CHANNELS);
  const weights = randomConstant(random, [outputs, last.shape.reduce((a, b) => a * b, 1)]);
  const bias = randomConstant(random, [outputs]);
  const clamp = { min: null, max: null };
  add(state, { ...named(state, 'dense'), kind: 'dense', input: last.name, weights, bias, clamp }, [1, outputs]);
}

export function addPool(state: State, kind: 'maxpool' | 'averagepool'): void {
  const { random, last } = state;
  const window = { ...randomWindow(state), dilations: [1, 1] as const, pads: [0, 0, 0, 0] as const };
  const node = { ...named(state, kind), input: last.name, ...window };
  const pool = kind === 'maxpool' ? { ...node, kind } : { ...node, kind, clamp: randomClamp(random) };
  add(state, pool, windowed(last.shape, window, channelsOf(last.shape)));
}
