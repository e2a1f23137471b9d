/** Which tensors get a row pitch, and inputs a border, so that the feed can fold their readers' kernel windows. */
import type { CodeTensor } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { ArrayLayer, LoweredNetwork } from './array-layer.js';
import { mapConv, stepsPerPass } from './conv-map.js';
import { activationPlanes, weightDigits } from './digits.js';
import { foldingPitch } from './fold-window.js';
import { readsOf } from './lifetimes.js';
import { type Border, denseLayout, NO_BORDER, type StoredLayout } from './stored-layout.js';

interface Candidate {
  readonly tensor: string;
  readonly layout: StoredLayout;
  /** Array steps that its readers save in a frame. */
  readonly saved: number;
  /** Entries of the folder's memory. */
  readonly entries: number;
}

/** The network with layouts that save the most steps, as far as the folder's memory goes. */
export function chooseLayouts(lowered: LoweredNetwork, machine: Machine): LoweredNetwork {
  if (machine.memory.foldEntries === 0) return lowered;
  const best = ownTensors(lowered).flatMap((name) => bestLayout(name, lowered, machine));
  let left = machine.memory.foldEntries;
  const layouts = new Map<string, StoredLayout>();
  for (const { tensor, layout, entries } of [...best].sort((a, b) => b.saved - a.saved)) {
    if (entries > left) continue;
    left -= entries;
    layouts.set(tensor, layout);
  }
  return { ...lowered, layouts };
}

/** Tensors that lie in no other one, and no other one in them. */
function ownTensors({ layers, inputs, views, components }: LoweredNetwork): readonly string[] {
  const viewed = new Set([...views.values()].map(({ of }) => of));
  const made = layers.flatMap(({ toStream, output }) => (toStream ? [] : [output]));
  return [...inputs, ...made].filter((name) => !views.has(name) && !viewed.has(name) && !components.has(name));
}

function bestLayout(name: string, lowered: LoweredNetwork, machine: Machine): readonly Candidate[] {
  const input = lowered.tensors[name]!;
  const readers = lowered.layers.filter((layer) => layer.input === name);
  const dense = costOf(denseLayout(input), readers, input, lowered, machine).steps;
  const candidates = readers.flatMap((reader) => {
    const layout = layoutFor(reader, input, lowered, machine);
    if (layout === null) return [];
    const { steps, entries } = costOf(layout, readers, input, lowered, machine);
    return steps < dense ? [{ tensor: name, layout, saved: dense - steps, entries }] : [];
  });
  const [best] = [...candidates].sort((a, b) => b.saved - a.saved || a.layout.rowPitch - b.layout.rowPitch);
  return best === undefined ? [] : [best];
}

/** The layout in which one reader's windows fold; null where none does. */
function layoutFor(
  layer: ArrayLayer,
  input: CodeTensor,
  lowered: LoweredNetwork,
  machine: Machine,
): StoredLayout | null {
  const border = borderFor(layer, input, lowered);
  if (border === null || layer.kernel[0] === 1) return null;
  const row = (border.left + input.width + border.right) * input.channels;
  const rowPitch = foldingPitch(row, layer.kernel[1] * input.channels, layer.dilations[0], machine.lanes);
  return rowPitch === undefined ? null : { rowPitch, border, folds: true };
}

/** LOAD alone can store one: not around what POST makes, nor around a residual, which is read without it. */
function borderFor(layer: ArrayLayer, input: CodeTensor, { layers, inputs }: LoweredNetwork): Border | null {
  const behind = (i: 0 | 1, conv: number, size: number, pad: number): number => {
    const reach = (conv - 1) * layer.strides[i] + (layer.kernel[i] - 1) * layer.dilations[i];
    return Math.max(0, reach - pad - (size - 1));
  };
  const border = {
    top: layer.padTop,
    left: layer.padLeft,
    bottom: behind(0, layer.convHeight, input.height, layer.padTop),
    right: behind(1, layer.convWidth, input.width, layer.padLeft),
  };
  if (Object.values(border).every((size) => size === 0)) return NO_BORDER;
  const residual = layers.some((one) => readsOf(one).slice(1).includes(input.name));
  return inputs.includes(input.name) && !residual ? border : null;
}

/** Of all readers of a tensor, for one pixel of the array at a time. */
function costOf(
  layout: StoredLayout,
  readers: readonly ArrayLayer[],
  input: CodeTensor,
  { tensors }: LoweredNetwork,
  machine: Machine,
): { readonly steps: number; readonly entries: number } {
  const place = { ...layout, pixelPitch: input.channels };
  let steps = 0;
  let entries = 0;
  for (const layer of readers) {
    const output = tensors[layer.output]!;
    const map = mapConv(layer, input, output, machine, place);
    const passes = activationPlanes(input.bits, machine) * weightDigits(layer, machine).planes;
    const pixels = layer.convHeight * layer.convWidth;
    steps += stepsPerPass(map, machine) * passes * pixels * map.columnTiles;
    entries += map.fold?.entries.length ?? 0;
  }
  return { steps, entries };
}
