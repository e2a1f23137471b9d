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

/** Parts of arranged tensors are written in place; where the memories do not bear that, by copies. */
function planInPlace(network: IntegerNetwork, machine: Machine, order: LayerOrder): Plan {
  try {
    return planOnce(network, machine, order, true);
  } catch (error) {
    const hasParts = network.layers.some(({ kind }) => kind === 'arrange');
    if (!hasParts || !mayCopiesHelp(error)) throw error;
    try {
      return planOnce(network, machine, order, false);
    } catch {
      throw error;
    }
  }
}

function mayCopiesHelp(error: unknown): boolean {
  return error instanceof SystoleError && ['memory-too-small', 'network-unsupported'].includes(error.code);
}

function planOnce(network: IntegerNetwork, machine: Machine, order: LayerOrder, inPlace: boolean): Plan {
  const lowered = chooseLayouts(lowerNetwork(network, { inPlace }), machine);
  for (const layer of lowered.layers) checkLayerRanges(layer, machine);
  const geometries = layerGeometries(lowered, machine);
  checkMapLimits(geometries, machine);
  const byRows = layerGeometries(lowered, machine, 1);
  const frame = placeFrame({ lowered, geometries, byRows, machine, order });
  return assemble({ network, machine, lowered, ...frame, geometries: chooseResidency(frame, machine) });
}
