/** Tensors whose codes move unchanged from one to the other share a grid: those of pools and of arrangements. */
import type { FloatArrange, FloatLayer, FloatNetwork } from './float-network.js';
import { floatOperands } from './float-network.js';
import { NO_CLAMP, ones, POINT } from './lower-sum.js';

export interface GridGroup {
  readonly members: readonly string[];
  /** Layers whose requantizers, or model inputs whose quantizers, make its codes. */
  readonly makers: readonly FloatLayer[];
  readonly inputs: readonly string[];
  /** Values that arrangements put where no part lies. */
  readonly fills: readonly number[];
}

/** Every tensor is in one group. @param inputs of the model */
export function gridGroups(network: FloatNetwork, inputs: readonly string[]): GridGroup[] {
  const leader = new Map<string, string>();
  const find = (name: string): string => {
    const above = leader.get(name) ?? name;
    return above === name ? name : find(above);
  };
  for (const layer of network.layers) {
    if (!movesCodes(layer)) continue;
    for (const name of floatOperands(layer)) leader.set(find(name), find(layer.output));
  }
  const groups = new Map<string, { members: string[]; makers: FloatLayer[]; inputs: string[]; fills: number[] }>();
  const groupOf = (name: string) => {
    const key = find(name);
    const group = groups.get(key) ?? { members: [], makers: [], inputs: [], fills: [] };
    groups.set(key, group);
    return group;
  };
  for (const input of inputs) {
    groupOf(input).members.push(input);
    groupOf(input).inputs.push(input);
  }
  for (const layer of network.layers) {
    const group = groupOf(layer.output);
    group.members.push(layer.output);
    if (!movesCodes(layer)) group.makers.push(layer);
    if (layer.kind === 'arrange' && !coversAll(layer, network)) group.fills.push(layer.fill);
  }
  return [...groups.values()];
}

/**
 * Where a model's input would share its grid with what layers make, a layer between gives its values that grid: the host
 * quantizes each input on one of its own.
 */
export function separateInputs(network: FloatNetwork, inputs: readonly string[]): FloatNetwork {
  const mixed = gridGroups(network, inputs).filter((group) => group.makers.length > 0);
  const copies = new Map(mixed.flatMap((group) => group.inputs).map((name) => [name, `${name}.regridded`]));
  if (copies.size === 0) return network;
  const now = (name: string): string => copies.get(name) ?? name;
  const shapes = new Map(network.shapes);
  const seenAs = new Map(network.seenAs);
  const made = [...copies].map(([input, copy]): FloatLayer => {
    const shape = network.shapes.get(input)!;
    shapes.set(copy, shape);
    seenAs.set(copy, input);
    return { ...ones({ name: copy, sources: [], output: copy }, input, shape.channels, POINT), clamp: NO_CLAMP };
  });
  const layers = network.layers.map((layer): FloatLayer => {
    if (layer.kind === 'maxpool') return { ...layer, input: now(layer.input) };
    if (layer.kind !== 'arrange') return layer;
    return { ...layer, parts: layer.parts.map((part) => ({ ...part, input: now(part.input) })) };
  });
  return { ...network, layers: [...made, ...layers], shapes, seenAs };
}

function movesCodes(layer: FloatLayer): boolean {
  return layer.kind === 'maxpool' || layer.kind === 'arrange';
}

/** Parts do not overlap. */
function coversAll({ parts, output }: FloatArrange, { shapes }: FloatNetwork): boolean {
  const { height, width, channels } = shapes.get(output)!;
  const covered = parts.reduce((sum, { size }) => sum + size[0] * size[1] * size[2], 0);
  return covered === height * width * channels;
}
