/** Bits, scale and zero of every tensor, from calibration. */
import { SystoleError } from '../base/error.js';
import { activationRange, type CodeRange, inputRange } from './activations.js';
import { endLayers } from './ends.js';
import type { FloatNetwork } from './float-network.js';
import { type GridGroup, gridGroups } from './grids.js';
import type { CodeTensor } from './network.js';
import { END_BITS, type QuantizeOptions } from './options.js';
import type { TensorStatistics } from './tensor-statistics.js';

/** By which tensors that are rounded a second time are finer than others. */
const FINER_BITS = 3;
/** -1, 0 and 1. */
const SIGNS = { bits: 2, scale: 1, zero: 1 } as const;
/** A fill this many times larger than all values takes the grid from them. */
const MOST_FILL = 64;

/** Tensors that enter and leave the array. */
export interface Ports {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

type BitsAndRange = CodeRange & { readonly bits: number };
type Seen = (name: string) => TensorStatistics;

/**
 * By name.
 * @param statisticsOf what calibration has seen of a tensor of the network
 * @throws SystoleError network-unsupported for a fill far beyond the values beside it
 */
export function chooseTensors(
  network: FloatNetwork,
  ports: Ports,
  statisticsOf: Seen,
  options: QuantizeOptions,
): Map<string, CodeTensor> {
  const wide = wideTensors(network, ports, options);
  const tensors = new Map<string, CodeTensor>();
  const put = (name: string, grid: BitsAndRange): void => {
    tensors.set(name, { name, ...network.shapes.get(name)!, ...grid });
  };
  for (const group of gridGroups(network, ports.inputs)) {
    const bits = group.members.some((name) => wide.has(name)) ? END_BITS : options.activations;
    const fine = group.makers.length > 0 && group.members.some((name) => network.fine.has(name));
    const grid = groupGrid(group, fine ? bits + FINER_BITS : bits, statisticsOf);
    for (const name of group.members) put(name, grid);
  }
  for (const [name, leader] of network.follows) {
    const { bits, scale, zero } = tensors.get(leader)!;
    put(name, { bits, scale, zero });
  }
  return tensors;
}

function groupGrid(group: GridGroup, bits: number, statisticsOf: Seen): BitsAndRange {
  const { makers, inputs, fills } = group;
  if (makers.length === 0) {
    return { bits, ...inputRange(holding(merged(inputs.map(statisticsOf)), group), bits) };
  }
  const signs = makers.every((layer) => 'function' in layer && layer.function?.kind === 'sign');
  if (signs && fills.every((x) => [-1, 0, 1].includes(x))) return SIGNS;
  const statistics = merged(makers.map((layer) => statisticsOf(layer.output)));
  return { bits, ...activationRange(holding(statistics, group), bits, fills) };
}

function merged(all: readonly TensorStatistics[]): TensorStatistics {
  const [first] = all;
  if (all.length === 1) return first!;
  const values = new Float32Array(all.reduce((sum, s) => sum + s.values.length, 0));
  let at = 0;
  for (const s of all) {
    values.set(s.values, at);
    at += s.values.length;
  }
  return {
    min: Math.min(...all.map((s) => s.min)),
    max: Math.max(...all.map((s) => s.max)),
    integers: all.every((s) => s.integers),
    values,
  };
}

function holding(statistics: TensorStatistics, { members, fills }: GridGroup): TensorStatistics {
  const { min, max } = statistics;
  const most = MOST_FILL * Math.max(-min, max);
  const far = fills.find((x) => Math.abs(x) > most);
  if (far !== undefined) {
    throw new SystoleError('network-unsupported', 'a map is filled up with a value far beyond its others', {
      where: members.at(-1)!,
      expected: `at most ${MOST_FILL} times the largest value`,
      actual: `${far}`,
    });
  }
  const integers = statistics.integers && fills.every(Number.isInteger);
  return { ...statistics, min: Math.min(min, ...fills), max: Math.max(max, ...fills), integers };
}

/** The outputs, and with wide ends what the first and the last layers read. */
function wideTensors(network: FloatNetwork, { inputs, outputs }: Ports, options: QuantizeOptions): Set<string> {
  const wide = new Set<string>(outputs);
  if (options.ends === 'same') return wide;
  for (const name of inputs) wide.add(name);
  for (const layer of endLayers(network.layers).last) wide.add(layer.input);
  return wide;
}
