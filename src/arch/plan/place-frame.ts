import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';
import type { LoweredNetwork } from './array-layer.js';
import { type SegmentSearch, segmentSets, smallestSet } from './depth-first/choose.js';
import type { Segment } from './depth-first/segment.js';
import { livesBesideUnit } from './depthwise/unit-lives.js';
import type { LayerGeometry } from './geometry.js';
import { lifetimes } from './lifetimes.js';
import { LOADS_AT_ONCE } from './load-record.js';
import { type Placed, peakInTurns, placeAll } from './place-tensors.js';

/** layers: one after the other, rows in turn only where the maps do not fit otherwise; rows: with the least memory. */
export type LayerOrder = 'layers' | 'rows';

export interface FramePlacement {
  readonly placed: Placed;
  /** The next frame's LOAD record stands behind this layer's; null: it begins when this frame is over. */
  readonly nextLoadAfter: number | null;
  /** Layers that take turns by rows. */
  readonly segments: readonly Segment[];
  readonly geometries: readonly LayerGeometry[];
}

export interface FrameSetting {
  readonly lowered: LoweredNetwork;
  readonly geometries: readonly LayerGeometry[];
  /** The same with tiles one row high, as layers that take turns have them. */
  readonly byRows: readonly LayerGeometry[];
  readonly machine: Machine;
  readonly order: LayerOrder;
}

/**
 * Layers after the input's last reader before LOAD may write over it. A record enters a unit's shadow when the one
 * before it is active there and the one before that is done: behind POST i + 2 nobody is at layer i.
 */
export const LAYERS_BEHIND = 2;

/**
 * Places all tensors, and says which layers take turns by rows.
 * @throws SystoleError memory-too-small, network-unsupported
 */
export function placeFrame(setting: FrameSetting): FramePlacement {
  const search = segmentSearch(setting);
  if (setting.order === 'rows') return placeInTurns(setting, smallestSet(search));
  try {
    return placeInTurns(setting, []);
  } catch (error) {
    if (!isTooSmall(error)) throw error;
    const { groups, activationWords } = setting.machine.memory;
    for (const segments of segmentSets(search, groups * activationWords * setting.machine.lanes)) {
      const placement = tryPlacing(setting, segments);
      if (placement !== null) return placement;
    }
    throw error;
  }
}

function segmentSearch({ lowered, byRows, machine }: FrameSetting): SegmentSearch {
  const peak = (segments: readonly Segment[]) => peakInTurns(lowered, byRows, machine, segments);
  return { lowered, geometries: byRows, machine, peak };
}

function tryPlacing(setting: FrameSetting, segments: readonly Segment[]): FramePlacement | null {
  try {
    return placeInTurns(setting, segments);
  } catch (error) {
    if (!isTooSmall(error)) throw error;
    return null;
  }
}

/**
 * The next frame is loaded while this one is computed, where there are layers enough behind the inputs' last reader and
 * memory enough to keep the inputs' places free.
 */
function placeInTurns(setting: FrameSetting, segments: readonly Segment[]): FramePlacement {
  const { lowered, byRows, machine } = setting;
  const geometries = setting.geometries.map((geometry, i) =>
    segments.some(({ first, last }) => first <= i && i <= last) ? byRows[i]! : geometry,
  );
  const nextLoadAfter = earliestNextLoad(lowered, geometries, segments);
  if (nextLoadAfter !== null) {
    try {
      const placed = placeAll(lowered, geometries, machine, { keepInputs: true, segments });
      return { placed, nextLoadAfter, segments, geometries };
    } catch (error) {
      if (!isTooSmall(error)) throw error;
    }
  }
  const placed = placeAll(lowered, geometries, machine, { keepInputs: false, segments });
  return { placed, nextLoadAfter: null, segments, geometries };
}

/** Layers that take turns are through together. An input of which only some rows are kept has no room for the next frame. */
function earliestNextLoad(
  lowered: LoweredNetwork,
  geometries: readonly LayerGeometry[],
  segments: readonly Segment[],
): number | null {
  if (lowered.inputs.length > LOADS_AT_ONCE || segments.some(({ load }) => load !== null)) return null;
  const endOf = (layer: number) => segments.find(({ first, last }) => first <= layer && layer <= last)?.last ?? layer;
  const lives = livesBesideUnit(lifetimes(lowered), geometries, lowered);
  const read = Math.max(...lives.filter(({ name }) => lowered.inputs.includes(name)).map(({ lastRead }) => lastRead));
  const fed = geometries.flatMap(({ unit }, i) => (unit === null && i > endOf(read) ? [i] : []));
  const behind = fed[LAYERS_BEHIND - 1];
  return behind === undefined ? null : endOf(behind);
}

function isTooSmall(error: unknown): boolean {
  return error instanceof SystoleError && error.code === 'memory-too-small';
}
