/** Compiled projects for tests, in memory. */
import type { Machine } from '../../src/arch/machine.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { countCycles } from '../../src/arch/timing/count-cycles.js';
import { type ProjectInput, projectFiles } from '../../src/hdlgen/project-files.js';
import { loadTemplates } from '../../src/hdlgen/templates.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import { type CompiledModel, decodeModel } from '../../src/runtime/model.js';
import { projectInMemory } from '../../src/runtime/project.js';

export async function compiledFiles(
  network: IntegerNetwork,
  machine: Machine,
  changes: Partial<ProjectInput> = {},
): Promise<Map<string, string | Uint8Array>> {
  const plan = changes.plan ?? planNetwork(network, machine);
  const cycles = countCycles(machine, plan.images);
  const templates = await loadTemplates();
  return projectFiles({ plan, cycles, templates, systole: '0.0.0', inputs: [], options: {}, ...changes });
}

export async function compiledModel(
  network: IntegerNetwork,
  machine: Machine,
  changes: Partial<ProjectInput> = {},
): Promise<CompiledModel> {
  return decodeModel(projectInMemory('memory', await compiledFiles(network, machine, changes)));
}
