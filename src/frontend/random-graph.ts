/**
 * Random small networks for regressions: convolutions of any window, depthwise ones, residual adds, pools, dense layers,
 * channel counts that are no multiple of anything. The same seed gives the same network.
 */
import { randomSource } from '../base/random.js';
import type { Graph } from './graph.js';
import { addJoin, JOINS } from './random/joins.js';
import { addConv, addDense, addPool, addResidual, MOST_CHANNELS } from './random/layers.js';
import { addMove, MOVES, type Move } from './random/moves.js';
import { channelsOf, randomWindow, type State } from './random/state.js';

const MOST_LAYERS = 5;
const LARGEST_MAP = 12;
const LAYERS = ['conv', 'conv', 'conv', 'depthwise', 'residual', 'maxpool', 'averagepool'] as const;

/**
 * A valid graph (check-graph.ts): one input [1, C, H, W], one output, nothing for the host.
 * @param kinds plain: what every machine runs; all: products, functions and moved values besides
 */
export function randomGraph(seed: number, kinds: 'plain' | 'all' = 'plain'): Graph {
  const random = randomSource(seed);
  const shape = [1, random.integer(1, 7), random.integer(2, LARGEST_MAP), random.integer(2, LARGEST_MAP)];
  const state: State = {
    random,
    nodes: [],
    tensors: new Map([['x', { name: 'x', shape }]]),
    last: { name: 'x', shape },
  };
  const layers = random.integer(1, MOST_LAYERS);
  const choice = kinds === 'plain' ? LAYERS : [...LAYERS, ...JOINS, ...MOVES];
  for (let i = 0; i < layers; i++) addLayer(state, choice[random.integer(0, choice.length - 1)]!);
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

type Layer = (typeof LAYERS)[number] | (typeof JOINS)[number] | Move;

function addLayer(state: State, layer: Layer): void {
  const { random, last } = state;
  const channels = channelsOf(last.shape);
  if (layer === 'conv') addConv(state, randomWindow(state), random.integer(1, MOST_CHANNELS), 1);
  else if (layer === 'depthwise') addConv(state, randomWindow(state), channels, channels);
  else if (layer === 'residual') addResidual(state);
  else if (layer === 'maxpool' || layer === 'averagepool') addPool(state, layer);
  else if (isJoin(layer)) addJoin(state, layer);
  else addMove(state, layer);
}

function isJoin(layer: Layer): layer is (typeof JOINS)[number] {
  return (JOINS as readonly Layer[]).includes(layer);
}
