import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';
import type { LoweredNetwork } from './array-layer.js';
import type { LayerGeometry } from './geometry.js';
import { lastReader } from './lifetimes.js';
import { type Placed, placeAll } from './place-tensors.js';

export interface FramePlacement {
  readonly placed: Placed;
  /** The next frame's LOAD record stands behind this layer's; null: it begins when this frame is over. */
  readonly nextLoadAfter: number | null;
}

/**
 * Layers after the input's last reader before LOAD may write over it. A record enters a unit's shadow when the one
 * before it is active there and the one before that is done: behind POST i + 2 nobody is at layer i.
 */
export const LAYERS_BEHIND = 2;

/** LOAD records that an active one and a shadow hold: a third would keep the layers behind it from their units. */
export const MOST_EARLY_LOADS = 2;

/**
 * Places all tensors. The next frame is loaded while this one is computed, where there are layers enough behind the
 * inputs' last reader and memory enough to keep the inputs' places free.
 * @throws SystoleError memory-too-small, network-unsupported
 */
export function placeFrame(
  lowered: LoweredNetwork,
  geometries: readonly LayerGeometry[],
  machine: Machine,
): FramePlacement {
  const nextLoadAfter = Math.max(...lowered.inputs.map((name) => lastReader(lowered, name))) + LAYERS_BEHIND;
  if (lowered.inputs.length <= MOST_EARLY_LOADS && nextLoadAfter < lowered.layers.length) {
    try {
      return { placed: placeAll(lowered, geometries, machine, true), nextLoadAfter };
    } catch (error) {
      if (!(error instanceof SystoleError && error.code === 'memory-too-small')) throw error;
    }
  }
  return { placed: placeAll(lowered, geometries, machine, false), nextLoadAfter: null };
}
