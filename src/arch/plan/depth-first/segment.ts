/** A range of layers that take turns by rows, with circular buffers for the maps between them. */
import type { Machine } from '../../machine.js';
import type { LoweredNetwork } from '../array-layer.js';
import type { LayerGeometry } from '../geometry.js';
import { readsOf } from '../lifetimes.js';
import { LOADS_AT_ONCE } from '../load-record.js';
import { firstInputRow } from '../row-needs.js';
import { NO_POOL } from '../tiling.js';
import { rootOf } from '../views.js';
import { bufferRows, type LoadRoom, loadRoom } from './buffer-rows.js';
import { type Pace, type Period, type PeriodRun, periodRuns, segmentPeriods } from './periods.js';
import { LOADED, type RowLayer, type RowRead } from './row-layer.js';

export interface Segment {
  /** Indices of the plan's layers. */
  readonly first: number;
  readonly last: number;
  readonly runs: readonly PeriodRun[];
  /** By tensor: rows kept at once, where that is fewer than all. */
  readonly buffers: ReadonlyMap<string, number>;
  /** The input that LOAD brings row by row into such a buffer, and the layer that reads it. */
  readonly load: LoadedRows | null;
}

export interface LoadedRows {
  readonly tensor: string;
  readonly reader: number;
  readonly room: LoadRoom;
  /** Rows at the buffer's beginning that are stored behind its end as well. */
  readonly mirrorRows: number;
}

/**
 * Layers first..last as a segment; null where they cannot be one.
 */
export function segmentOf(
  first: number,
  last: number,
  pace: Pace,
  lowered: LoweredNetwork,
  geometries: readonly LayerGeometry[],
  machine: Machine,
): Segment | null {
  const inside = geometries.slice(first, last + 1);
  if (inside.length > machine.memory.contexts || !closed(first, last, lowered)) return null;
  const loaded = loadedInput(first, last, lowered);
  if (!inside.every((geometry) => mayTakeTurns(geometry, loaded))) return null;
  const layers = inside.map((geometry) => rowLayer(geometry, inside, loaded));
  const periods = segmentPeriods(layers, pace);
  const buffers = new Map<string, number>();
  const rows = bufferRows(layers, periods);
  inside.slice(0, -1).forEach(({ layer, output }, i) => {
    const kept = Math.max(rows[i]!, fewestRows(layer.output, inside));
    if (kept < output.height) buffers.set(layer.output, kept);
  });
  const load = loaded === null ? null : roomOf(loaded, inside, layers, periods, first);
  if (load) buffers.set(load.tensor, load.room.rows);
  return { first, last, runs: periodRuns(periods), buffers, load };
}

/**
 * Its loops are by rows, it waits for nothing but rows of its input, and its reads wrap with the row pointer: windows that are
 * put together from several rows go on behind the buffer's end, where LOAD alone stores the first rows again.
 */
function mayTakeTurns({ layer, map, unit }: LayerGeometry, loaded: string | null): boolean {
  if (unit !== null) return false;
  const wraps = map.runRows === 1 || (map.fold !== null && layer.input === loaded);
  return !layer.toStream && !layer.blank && !layer.requantize?.residual && wraps;
}

/** Every layer but the last makes a map of its own that layers of the segment alone read. */
function closed(first: number, last: number, { layers, views, components }: LoweredNetwork): boolean {
  const viewed = new Set([...views.values()].map(({ of }) => of));
  return layers.slice(first, last).every(({ output }) => {
    const readers = layers.flatMap((layer, i) => (readsOf(layer).includes(output) ? [i] : []));
    const own = !views.has(output) && !viewed.has(output) && !components.has(output);
    return own && readers.length > 0 && readers.every((i) => i <= last);
  });
}

/**
 * The input that one layer of the segment alone reads, and behind which LOAD brings none that is read before the segment's
 * end, for it would come only when all of this one is in; nor several, whose records would block the fetch. null where there is none.
 */
function loadedInput(first: number, last: number, { layers, inputs, views }: LoweredNetwork): string | null {
  const viewed = new Set([...views.values()].map(({ of }) => of));
  const readSoFar = layers.slice(0, last + 1).flatMap((layer) => readsOf(layer).map((name) => rootOf(name, views)));
  const found = inputs.find((name) => {
    const readers = layers.flatMap((layer, i) => (readsOf(layer).includes(name) ? [i] : []));
    const [reader] = readers;
    const inSegment = readers.length === 1 && reader! >= first && reader! <= last;
    const behind = inputs.slice(inputs.indexOf(name) + 1);
    return inSegment && behind.length < LOADS_AT_ONCE && !behind.some((other) => readSoFar.includes(other));
  });
  return found === undefined || viewed.has(found) ? null : found;
}

/** No step of a row pointer may be as long as its buffer: neither the writer's, of one row, nor a reader's. */
function fewestRows(tensor: string, inside: readonly LayerGeometry[]): number {
  const steps = inside.flatMap(({ layer, map }) => {
    if (layer.input !== tensor) return [];
    const pool = layer.pool ?? NO_POOL;
    return [pool.strides[0] * map.rowStep, pool.dilations[0] * map.rowStep, map.rowDilation, map.runRows];
  });
  return 1 + Math.max(1, ...steps);
}

function rowLayer(geometry: LayerGeometry, inside: readonly LayerGeometry[], loaded: string | null): RowLayer {
  const { layer, map, output, inputWait } = geometry;
  const maker = layer.input === loaded ? LOADED : inside.findIndex((one) => one.layer.output === layer.input);
  if (maker < 0 && layer.input !== loaded) return { rows: output.height, reads: [] };
  const { first, step } = firstInputRow(layer, map);
  return { rows: output.height, reads: [{ maker, need: inputWait.need, first, step }] };
}

function roomOf(
  tensor: string,
  inside: readonly LayerGeometry[],
  layers: readonly RowLayer[],
  periods: readonly Period[],
  first: number,
): Segment['load'] {
  const reader = layers.findIndex(({ reads }) => reads.some(({ maker }) => maker === LOADED));
  const read: RowRead = layers[reader]!.reads[0]!;
  const turn = Math.max(...periods.map((period) => period[reader]!));
  const room = loadRoom(read, turn, fewestRows(tensor, inside));
  const mirrorRows = inside[reader]!.map.runRows - 1;
  return room.rows + mirrorRows < read.need.rows ? { tensor, reader: first + reader, room, mirrorRows } : null;
}
