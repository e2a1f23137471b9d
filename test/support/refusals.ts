import type { Machine } from '../../src/arch/machine.js';
import type { Plan } from '../../src/arch/plan/plan.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { SystoleError } from '../../src/base/error.js';
import type { IntegerNetwork } from '../../src/quant/network.js';

/** What a machine may say to a valid network that it cannot take. */
export const PLAN_REFUSALS: ReadonlySet<string> = new Set([
  'accumulator-range',
  'requantize-range',
  'memory-too-small',
  'network-unsupported',
]);

/** The plan, or the refusal; anything else that the planner throws goes on. */
export function planOrRefusal(network: IntegerNetwork, machine: Machine): Plan | SystoleError {
  try {
    return planNetwork(network, machine);
  } catch (error) {
    if (error instanceof SystoleError && PLAN_REFUSALS.has(error.code)) return error;
    throw error;
  }
}
