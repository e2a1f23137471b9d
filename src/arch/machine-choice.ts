import { SystoleError } from '../base/error.js';
import type { IntegerNetwork } from '../quant/network.js';
import type { Machine } from './machine.js';
import { compareMachines } from './machine-cost.js';
import type { Plan } from './plan/plan.js';
import { type PlanOptions, planNetwork } from './plan/plan-network.js';

/** A machine that does not take the network, and why. */
export interface Refusal {
  readonly machine: Machine;
  readonly error: SystoleError;
}

export interface MachineChoice {
  /** On the smallest machine that takes the network. */
  readonly plan: Plan;
  /** The smaller machines, in order. */
  readonly refusals: readonly Refusal[];
}

/**
 * The smallest of `machines` that an integer network fits (compareMachines says which is smaller).
 * @throws SystoleError with the largest machine's code, naming every machine's reason; machine-unknown for no machines
 */
export function chooseMachine(
  network: IntegerNetwork,
  machines: Iterable<Machine>,
  options: PlanOptions = {},
): MachineChoice {
  const refusals: Refusal[] = [];
  for (const machine of [...machines].sort(compareMachines)) {
    try {
      return { plan: planNetwork(network, machine, options), refusals };
    } catch (error) {
      if (!(error instanceof SystoleError) || error.code === 'plan-invalid') throw error;
      refusals.push({ machine, error });
    }
  }
  throw noneFits(refusals);
}

function noneFits(refusals: readonly Refusal[]): SystoleError {
  const largest = refusals.at(-1)?.error;
  if (largest === undefined) return new SystoleError('machine-unknown', 'there is no machine to choose from');
  const reasons = refusals.map(({ machine, error }) => `${machine.name}: ${reasonOf(error)}`);
  return new SystoleError(largest.code, 'the network fits none of the machines', {
    ...(largest.where !== undefined && { where: largest.where }),
    actual: reasons.join('; '),
    hint: 'write a machine file with larger memories, or override one: --machine NAME --rows --cols --lanes',
  });
}

function reasonOf({ message, where, actual }: SystoleError): string {
  const detail = [where, actual].filter((part) => part !== undefined).join(' ');
  return detail === '' ? message : `${message} (${detail})`;
}
