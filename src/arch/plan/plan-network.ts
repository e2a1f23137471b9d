import { SystoleError } from '../../base/error.js';
import type { IntegerNetwork } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import { assemble } from './assemble.js';
import { checkPlan } from './check-plan.js';
import { chooseLayouts } from './choose-layouts.js';
import { layerGeometries } from './geometry.js';
import { checkLayerRanges } from './limits.js';
import { lowerNetwork } from './lower.js';
import { checkMapLimits } from './map-limits.js';
import { type LayerOrder, placeFrame } from './place-frame.js';
import type { Plan } from './plan.js';
import { chooseResidency } from './residency.js';

export interface PlanOptions {
  /** Default: layers. */
  readonly order?: LayerOrder;
}

/**
 * Lays an integer network out on a machine and writes its program.
 * @throws SystoleError accumulator-range, requantize-range, memory-too-small, network-unsupported
 */
export function planNetwork(network: IntegerNetwork, machine: Machine, { order = 'layers' }: PlanOptions = {}): Plan {
  const plan = planInPlace(network, machine, order);
  checkPlan(plan);
  return plan;
}

/**
 * Parts of arranged tensors are written in place; by copies where the memories do not bear that, or where copies leave fewer
 * bytes alive and that is what is asked for.
 */
function planInPlace(network: IntegerNetwork, machine: Machine, order: LayerOrder): Plan {
  const hasParts = network.layers.some(({ kind }) => kind === 'arrange');
  let inPlace: Plan;
  try {
    inPlace = planBesideUnit(network, machine, order, true);
  } catch (error) {
    if (!hasParts || !mayCopiesHelp(error)) throw error;
    const copied = tryCopies(network, machine, order);
    if (copied === null) throw error;
    return copied;
  }
  const copied = hasParts && order === 'rows' ? tryCopies(network, machine, order) : null;
  return copied !== null && copied.used.activationBytes < inPlace.used.activationBytes ? copied : inPlace;
}

function tryCopies(network: IntegerNetwork, machine: Machine, order: LayerOrder): Plan | null {
  try {
    return planBesideUnit(network, machine, order, false);
  } catch (error) {
    if (mayCopiesHelp(error)) return null;
    throw error;
  }
}

function mayCopiesHelp(error: unknown): boolean {
  return error instanceof SystoleError && ['memory-too-small', 'network-unsupported'].includes(error.code);
}

/** Where the memories do not bear what the depthwise unit and the array make at once, the array makes all. */
function planBesideUnit(network: IntegerNetwork, machine: Machine, order: LayerOrder, inPlace: boolean): Plan {
  if (machine.depthwise === null) return planOnce(network, machine, order, { inPlace, besideArray: false });
  try {
    return planOnce(network, machine, order, { inPlace, besideArray: true });
  } catch (error) {
    if (!mayCopiesHelp(error)) throw error;
    return planOnce(network, machine, order, { inPlace, besideArray: false });
  }
}

interface Ways {
  readonly inPlace: boolean;
  readonly besideArray: boolean;
}

function planOnce(network: IntegerNetwork, machine: Machine, order: LayerOrder, { inPlace, besideArray }: Ways): Plan {
  const lowered = chooseLayouts(lowerNetwork(network, { inPlace }), machine);
  for (const layer of lowered.layers) checkLayerRanges(layer, machine);
  const geometries = layerGeometries(lowered, machine, { besideArray });
  checkMapLimits(geometries, machine);
  const byRows = layerGeometries(lowered, machine, { besideArray, mostLines: 1 });
  const frame = placeFrame({ lowered, geometries, byRows, machine, order });
  return assemble({ network, machine, lowered, ...frame, geometries: chooseResidency(frame, machine) });
}
