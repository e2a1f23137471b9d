import type { Machine } from '../machine.js';
import type { LoweredNetwork } from './array-layer.js';
import { assignCounters } from './counters.js';
import { livesInTurns, peakAlive } from './depth-first/lives.js';
import type { Segment } from './depth-first/segment.js';
import { countersBesideUnit, livesBesideUnit, unitClashes } from './depthwise/unit-lives.js';
import { activationPlanes } from './digits.js';
import type { LayerGeometry } from './geometry.js';
import { type Lifetime, lifetimes, type PortClash, portClashes } from './lifetimes.js';
import { type Location, placeTensors, type StoredTensor } from './memory.js';
import type { TensorPlace } from './plan.js';
import { rowSource } from './row-sources.js';
import { denseLayout, storedRows } from './stored-layout.js';
import { pitchesOf, rootOf } from './views.js';

export interface Placed {
  /** Of every tensor in memory. */
  readonly places: ReadonlyMap<string, TensorPlace>;
  /** Row counter of every tensor that LOAD makes, and of those that POST makes and somebody waits for. */
  readonly counters: ReadonlyMap<string, number>;
  /** Layers whose feed shares a group with the residual of the layer before: they wait until that one has left POST. */
  readonly drains: readonly PortClash[];
  /** By input: the counter of rows that its reader is through with, where LOAD waits for that. */
  readonly roomCounters: ReadonlyMap<string, number>;
  /** Codes alive at once at the most, and were every layer computed whole. */
  readonly peakCodes: number;
  readonly peakCodesWhole: number;
}

export interface FrameOrder {
  /** Nothing else ever lies where an input lies, nor counts on its counter. */
  readonly keepInputs: boolean;
  /** Layers that take turns by rows. */
  readonly segments: readonly Segment[];
}

/**
 * Group, address and row counter of every tensor.
 * @throws SystoleError memory-too-small, network-unsupported
 */
export function placeAll(
  lowered: LoweredNetwork,
  geometries: readonly LayerGeometry[],
  machine: Machine,
  { keepInputs, segments }: FrameOrder,
): Placed {
  const last = lowered.layers.length - 1;
  const whole = livesBesideUnit(lifetimes(lowered), geometries, lowered);
  const lives = livesInTurns(whole, segments);
  const frame = { lowered, machine, segments };
  const clashes = portClashes(lowered, (i) => geometries[i]!.unit === null);
  const waited = fullyWaited(geometries);
  // Rows nobody waits for arrive whenever they arrive: LOAD's may still be on their way, and so may their counts.
  const guarded = (life: Lifetime): Lifetime => {
    const free = waited.has(life.name) && !(life.made < 0 && keepInputs);
    return { ...life, lastRead: free ? life.lastRead : last };
  };
  const stored: StoredTensor[] = lives.map((life) => ({
    ...(life.made < 0 ? guarded(life) : life),
    codes: storedCodes(life.name, frame),
  }));
  const ports = clashes.map(({ residual, input, hard }) => ({ a: residual, b: input, hard }));
  const apart = [...ports, ...unitClashes(geometries, lowered)];
  const locations = placeTensors(stored, apart, machine);
  const drains = clashes.filter(
    ({ residual, input, writer, reader }) =>
      reader !== writer && locations.get(residual)!.group === locations.get(input)!.group,
  );
  const loaded = segments.flatMap(({ load }) => (load ? [load.tensor] : []));
  const room = loaded.map((name) => ({ name: roomOf(name), made: -1, lastRead: last }));
  const alone = countersNeeded(lowered, geometries, drains);
  const beside = countersBesideUnit(alone, geometries, (name) => rowSource(name, lowered).counter);
  const needed = livesInTurns(beside, segments).map(guarded);
  const counters = assignCounters([...room, ...needed], machine);
  const places = new Map(
    namesInMemory(lowered).map((name) => {
      const life = lives.find((one) => one.name === rootOf(name, lowered.views))!;
      const counter = counters.get(rowSource(name, lowered).counter) ?? null;
      return [name, placeOf(name, life, locations.get(life.name)!, counter, frame)] as const;
    }),
  );
  return {
    places,
    counters,
    drains,
    roomCounters: new Map(loaded.map((name) => [name, counters.get(roomOf(name))!])),
    peakCodes: peakInTurns(lowered, geometries, machine, segments),
    peakCodesWhole: peakInTurns(lowered, geometries, machine, []),
  };
}

/** Under which the counter is asked for that makes room in an input's place: no tensor's name. */
const roomOf = (input: string): string => `room of ${input}\n`;

/** Codes alive at once at the most where these layers take turns. */
export function peakInTurns(
  lowered: LoweredNetwork,
  geometries: readonly LayerGeometry[],
  machine: Machine,
  segments: readonly Segment[],
): number {
  const frame = { lowered, machine, segments };
  return peakAlive(
    livesInTurns(livesBesideUnit(lifetimes(lowered), geometries, lowered), segments).map((life) => ({
      ...life,
      codes: storedCodes(life.name, frame),
    })),
  );
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
  readonly machine: Machine;
  readonly segments: readonly Segment[];
}

function placeOf(
  name: string,
  { name: root, made, lastRead }: Lifetime,
  { group, base }: Location,
  counter: number | null,
  frame: Frame,
): TensorPlace {
  const { lowered, machine, segments } = frame;
  const { tensors, views, layouts } = lowered;
  const { offset, rowPitch, pixelPitch } = pitchesOf(name, tensors, views, layouts);
  return {
    group,
    base: base + offset,
    planes: activationPlanes(tensors[name]!.bits, machine),
    planeStride: planeCodes(root, frame),
    rowPitch,
    pixelPitch,
    bufferRows: bufferOf(name, segments) ?? 0,
    inside: views.get(name)?.of ?? null,
    counter,
    made,
    lastRead,
  };
}

function storedCodes(name: string, frame: Frame): number {
  return activationPlanes(frame.lowered.tensors[name]!.bits, frame.machine) * planeCodes(name, frame);
}

/** Codes of one digit plane of a tensor with a place of its own. */
function planeCodes(name: string, { lowered, segments }: Frame): number {
  const tensor = lowered.tensors[name]!;
  const layout = lowered.layouts.get(name) ?? denseLayout(tensor);
  const buffer = bufferOf(name, segments);
  const mirrored = segments.find(({ load }) => load?.tensor === name)?.load?.mirrorRows ?? 0;
  const rows = buffer === undefined ? storedRows(tensor, layout) : buffer + mirrored;
  return rows * layout.rowPitch;
}

/** Rows kept at once where that is not all of them. */
function bufferOf(name: string, segments: readonly Segment[]): number | undefined {
  return segments.find(({ buffers }) => buffers.has(name))?.buffers.get(name);
}
