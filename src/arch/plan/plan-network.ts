import { SystoleError } from '../../base/error.js';
import type { IntegerNetwork } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import { assemble } from './assemble.js';
import { checkPlan } from './check-plan.js';
import { layerGeometries } from './geometry.js';
import { checkLayerRanges } from './limits.js';
import { lowerNetwork } from './lower.js';
import { checkMapLimits } from './map-limits.js';
import { placeFrame } from './place-frame.js';
import type { Plan } from './plan.js';

/**
 * Lays an integer network out on a machine and writes its program.
 * @throws SystoleError accumulator-range, requantize-range, memory-too-small, network-unsupported
 */
export function planNetwork(network: IntegerNetwork, machine: Machine): Plan {
  const plan = planInPlace(network, machine);
  checkPlan(plan);
  return plan;
}

/** Parts of arranged tensors are written in place; where the memories do not bear that, by copies. */
function planInPlace(network: IntegerNetwork, machine: Machine): Plan {
  try {
    return planOnce(network, machine, true);
  } catch (error) {
    const hasParts = network.layers.some(({ kind }) => kind === 'arrange');
    if (!hasParts || !mayCopiesHelp(error)) throw error;
    try {
      return planOnce(network, machine, false);
    } catch {
      throw error;
    }
  }
}

function mayCopiesHelp(error: unknown): boolean {
  return error instanceof SystoleError && ['memory-too-small', 'network-unsupported'].includes(error.code);
}

function planOnce(network: IntegerNetwork, machine: Machine, inPlace: boolean): Plan {
  const lowered = lowerNetwork(network, { inPlace });
  for (const layer of lowered.layers) checkLayerRanges(layer, machine);
  const geometries = layerGeometries(lowered, machine);
  checkMapLimits(geometries, machine);
  return assemble({ network, machine, lowered, geometries, ...placeFrame(lowered, geometries, machine) });
}
