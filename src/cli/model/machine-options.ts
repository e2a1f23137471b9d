/** Which machine a network is compiled for. */
import type { Option } from 'commander';
import type { Machine } from '../../arch/machine.js';
import { chooseMachine } from '../../arch/machine-choice.js';
import { type MachineOverride, overrideMachine } from '../../arch/machine-override.js';
import type { Plan } from '../../arch/plan/plan.js';
import { type PlanOptions, planNetwork } from '../../arch/plan/plan-network.js';
import { SystoleError } from '../../base/error.js';
import type { RequantizeWidths } from '../../quant/certificate.js';
import type { IntegerNetwork } from '../../quant/network.js';
import type { QuantizeOptions } from '../../quant/options.js';
import { option } from '../frame/define.js';
import { oneOf, whole } from '../frame/values.js';
import { findMachine, namedMachines } from '../machines.js';

export interface MachineOptions extends MachineOverride {
  readonly machine?: string;
}

export const MACHINE_OPTIONS: readonly Option[] = [
  option('--machine <name>', 'a named machine, or FILE.json (default: the smallest named machine that fits)'),
  option('--rows <n>', "output pixels in parallel, in place of the machine's", whole(1, 16)),
  option('--cols <n>', 'output channels in parallel', whole(1, 128)),
  option('--lanes <n>', 'input channels in parallel', oneOf(2, 4, 8, 16, 32, 64, 128)),
  option('--activation-digit <bits>', 'bits of an activation in one pass', oneOf(1, 2, 4, 8)),
  option('--weight-digit <bits>', 'bits of a weight in one pass', oneOf(1, 2, 3, 4, 8)),
];

/** The machines to choose from: the one that was named, or all named ones; each with the overrides that it can take. */
export async function candidateMachines(options: MachineOptions): Promise<Machine[]> {
  const { rows, cols, lanes, activationDigit, weightDigit } = options;
  const override = { rows, cols, lanes, activationDigit, weightDigit };
  if (options.machine !== undefined)
    return [overrideMachine(await findMachine(options.machine, '--machine'), override)];
  const refused: SystoleError[] = [];
  const machines = [...namedMachines().values()].flatMap((machine) => {
    try {
      return [overrideMachine(machine, override)];
    } catch (error) {
      if (!(error instanceof SystoleError)) throw error;
      refused.push(error);
      return [];
    }
  });
  if (machines.length === 0) throw refused[0]!;
  return machines;
}

/** What the machines hold of what a quantizer chooses. */
export type QuantizeLimits = Required<Pick<QuantizeOptions, 'widths' | 'tableEntries'>>;

/** The most that any of the machines holds; a machine that holds less is refused when the network is laid out. */
export function quantizeLimits(machines: readonly Machine[]): QuantizeLimits {
  const most = (field: keyof RequantizeWidths) => Math.max(...machines.map((machine) => machine[field]));
  return {
    widths: { mBits: most('mBits'), bBits: most('bBits'), nBits: most('nBits') },
    tableEntries: Math.max(...machines.map(({ memory }) => memory.tableEntries)),
  };
}

/** @throws SystoleError memory-too-small and the planner's others */
export function planOn(network: IntegerNetwork, machines: readonly Machine[], options: PlanOptions): Plan {
  const [only, ...others] = machines as [Machine, ...Machine[]];
  return others.length === 0 ? planNetwork(network, only, options) : chooseMachine(network, machines, options).plan;
}
