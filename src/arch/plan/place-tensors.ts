import type { CodeTensor } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { LoweredNetwork } from './array-layer.js';
import { assignCounters } from './counters.js';
import { activationPlanes } from './digits.js';
import type { LayerGeometry } from './geometry.js';
import { type Lifetime, lifetimes, type PortClash, portClashes } from './lifetimes.js';
import { type Location, placeTensors, type StoredTensor } from './memory.js';
import type { TensorPlace } from './plan.js';
import { rowSource } from './row-sources.js';
import { pitchesOf, rootOf } from './views.js';

export interface Placed {
  /** Of every tensor in memory. */
  readonly places: ReadonlyMap<string, TensorPlace>;
  /** Row counter of every tensor that LOAD makes, and of those that POST makes and somebody waits for. */
  readonly counters: ReadonlyMap<string, number>;
  /** Layers whose feed shares a group with the residual of the layer before: they wait until that one has left POST. */
  readonly drains: readonly PortClash[];
}

/**
 * Group, address and row counter of every tensor.
 * @param keepInputs nothing else ever lies where an input lies, nor counts on its counter
 * @throws SystoleError memory-too-small, network-unsupported
 */
export function placeAll(
  lowered: LoweredNetwork,
  geometries: readonly LayerGeometry[],
  machine: Machine,
  keepInputs: boolean,
): Placed {
  const last = lowered.layers.length - 1;
  const lives = lifetimes(lowered);
  const clashes = portClashes(lowered);
  const waited = fullyWaited(geometries);
  // Rows nobody waits for arrive whenever they arrive: LOAD's may still be on their way, and so may their counts.
  const guarded = (life: Lifetime): Lifetime => {
    const free = waited.has(life.name) && !(life.made < 0 && keepInputs);
    return { ...life, lastRead: free ? life.lastRead : last };
  };
  const stored: StoredTensor[] = lives.map((life) => ({
    ...(life.made < 0 ? guarded(life) : life),
    codes: storedCodes(life.name, lowered, geometries, machine),
  }));
  const apart = clashes.map(({ residual, input, hard }) => ({ a: residual, b: input, hard }));
  const locations = placeTensors(stored, apart, machine);
  const drains = clashes.filter(
    ({ residual, input, writer, reader }) =>
      reader !== writer && locations.get(residual)!.group === locations.get(input)!.group,
  );
  const counters = assignCounters(countersNeeded(lowered, geometries, drains).map(guarded), machine);
  const places = new Map(
    namesInMemory(lowered).map((name) => {
      const life = lives.find((one) => one.name === rootOf(name, lowered.views))!;
      const counter = counters.get(rowSource(name, lowered).counter) ?? null;
      return [name, placeOf(name, life, locations.get(life.name)!, counter, { lowered, geometries, machine })] as const;
    }),
  );
  return { places, counters, drains };
}

/** Counters of which every count is waited for. */
function fullyWaited(geometries: readonly LayerGeometry[]): ReadonlySet<string> {
  const waits = geometries.flatMap(({ inputWait, residualWait }) => [
    inputWait,
    ...(residualWait ? [residualWait] : []),
  ]);
  return new Set(waits.filter(({ forAll }) => forAll).map(({ counter }) => counter));
}

/** From the layer that counts to the last one that waits for it. */
function countersNeeded(
  { layers, inputs }: LoweredNetwork,
  geometries: readonly LayerGeometry[],
  drains: readonly PortClash[],
): readonly Lifetime[] {
  const lastWait = new Map(inputs.map((name) => [name, -1]));
  const wait = (name: string, reader: number) => lastWait.set(name, Math.max(lastWait.get(name) ?? -1, reader));
  geometries.forEach(({ inputWait, residualWait }, i) => {
    wait(inputWait.counter, i);
    if (residualWait) wait(residualWait.counter, i);
  });
  for (const { writer, reader } of drains) wait(layers[writer]!.output, reader);
  const made = (name: string) => layers.findIndex((layer) => layer.output === name);
  return [...lastWait]
    .map(([name, lastRead]) => ({ name, made: made(name), lastRead }))
    .sort((a, b) => a.made - b.made);
}

function namesInMemory({ layers, inputs, views, components }: LoweredNetwork): readonly string[] {
  const made = layers.flatMap((layer) => (layer.toStream ? [] : [layer.output]));
  return [...new Set([...inputs, ...made, ...components.keys(), ...views.keys()])];
}

interface Frame {
  readonly lowered: LoweredNetwork;
  readonly geometries: readonly LayerGeometry[];
  readonly machine: Machine;
}

function placeOf(
  name: string,
  { name: root, made, lastRead }: Lifetime,
  { group, base }: Location,
  counter: number | null,
  { lowered, geometries, machine }: Frame,
): TensorPlace {
  const { tensors, views } = lowered;
  const { offset, rowPitch, pixelPitch } = pitchesOf(name, tensors, views);
  const fold = foldOf(name, geometries);
  const foldRows = fold?.kernelRows ?? 1;
  return {
    group,
    base: base + offset,
    planes: activationPlanes(tensors[name]!.bits, machine),
    planeStride: planeCodes(tensors[root]!, root, geometries),
    rowPitch: rowPitch * foldRows,
    pixelPitch: pixelPitch * foldRows,
    foldRows,
    inside: views.get(name)?.of ?? null,
    counter,
    made,
    lastRead,
  };
}

function storedCodes(
  name: string,
  { tensors }: LoweredNetwork,
  geometries: readonly LayerGeometry[],
  machine: Machine,
): number {
  const tensor = tensors[name]!;
  return activationPlanes(tensor.bits, machine) * planeCodes(tensor, name, geometries);
}

/** Codes of one digit plane of a tensor with a place of its own. */
function planeCodes(tensor: CodeTensor, name: string, geometries: readonly LayerGeometry[]): number {
  const fold = foldOf(name, geometries);
  return (fold?.foldRows ?? tensor.height) * tensor.width * tensor.channels * (fold?.kernelRows ?? 1);
}

/** How LOAD folds an input; null where it does not. */
export function foldOf(name: string, geometries: readonly LayerGeometry[]) {
  return geometries.find(({ layer, fold }) => fold !== null && layer.input === name)?.fold ?? null;
}
