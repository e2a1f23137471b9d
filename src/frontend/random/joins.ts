/** Sums, differences and products, of whole maps and with one value for each channel; functions of single values. */
import type { PointwiseFunction } from '../graph.js';
import { tapsInside } from '../window-taps.js';
import { addConv } from './layers.js';
import { add, channelsOf, named, OPEN, randomClamp, randomWindow, type State, windowed } from './state.js';

export const JOINS = ['difference', 'product', 'gate', 'shift', 'function', 'function', 'border'] as const;

const FUNCTIONS: readonly PointwiseFunction[] = [
  ...(['leakyrelu', 'prelu', 'sigmoid', 'hardsigmoid', 'hardswish', 'tanh', 'elu', 'selu', 'celu'] as const),
  ...(['softplus', 'softsign', 'silu', 'gelu', 'mish', 'sign', 'abs'] as const),
];
const POINT = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] } as const;

export function addJoin(state: State, join: (typeof JOINS)[number]): void {
  const { last } = state;
  switch (join) {
    case 'difference':
    case 'product':
      addConv(state, POINT, channelsOf(last.shape), 1, OPEN);
      addPair(state, join === 'product' ? 'mul' : 'sub', state.last.name, last.name);
      return;
    case 'gate':
    case 'shift':
      addOnePixel(state);
      addPair(state, join === 'gate' ? 'mul' : 'add', last.name, state.last.name, last.shape);
      return;
    case 'function':
      addFunction(state);
      return;
    case 'border':
      addBorderPool(state);
  }
}

function addPair(state: State, kind: 'mul' | 'add' | 'sub', a: string, b: string, shape = state.last.shape): void {
  const common = { ...named(state, kind), inputs: [a, b] as const, clamp: randomClamp(state.random) };
  if (kind === 'mul') add(state, { ...common, kind }, shape);
  else add(state, { ...common, kind: 'add', ...(kind === 'sub' ? { sign: -1 as const } : {}) }, shape);
}

/** Squeeze and excitation: the mean of each channel, mixed, through a function. */
function addOnePixel(state: State): void {
  const { last } = state;
  const [, channels = 1, height = 1, width = 1] = last.shape;
  const window = { ...POINT, kernel: [height, width] as const };
  const pool = { ...named(state, 'mean'), kind: 'averagepool', input: last.name, ...window, clamp: OPEN } as const;
  add(state, pool, [1, channels, 1, 1]);
  addConv(state, POINT, channels, 1, OPEN);
  if (state.random.integer(0, 1) === 1) addFunction(state);
}

function addFunction(state: State): void {
  const { random, last } = state;
  const fn = FUNCTIONS[random.integer(0, FUNCTIONS.length - 1)]!;
  const slopes =
    fn === 'prelu' ? { slopes: Float32Array.from({ length: channelsOf(last.shape) }, random.uniform) } : {};
  const alpha = fn === 'silu' || fn === 'selu' ? 1 : Math.fround(0.1 + random.uniform() / 2);
  const beta = fn === 'hardsigmoid' ? 0.5 : 1;
  add(state, { ...named(state, fn), kind: 'pointwise', input: last.name, fn, alpha, beta, ...slopes }, last.shape);
}

/** The divisor counts what lies inside the map; some windows may lie outside: then there are no pads. */
function addBorderPool(state: State): void {
  const { last } = state;
  const drawn = { ...randomWindow(state), dilations: [1, 1] as const };
  const [, channels = 1, height = 1, width = 1] = last.shape;
  const size = (shape: readonly number[]) => ({ height: shape[2]!, width: shape[3]! });
  const made = size(windowed(last.shape, drawn, channels));
  const touches = ([0, 1] as const).every((axis) => !tapsInside(drawn, { height, width }, made, axis).includes(0));
  const window = touches ? drawn : { ...drawn, pads: [0, 0, 0, 0] as const };
  const common = { ...named(state, 'average'), input: last.name, ...window, clamp: randomClamp(state.random) };
  add(state, { ...common, kind: 'averagepool', border: 'excluded' }, windowed(last.shape, window, channels));
}
