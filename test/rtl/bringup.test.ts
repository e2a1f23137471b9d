import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { compareProgram, compareVerilog, coreSimulator } from '../end-to-end/levels.js';
import { VARIED_MACHINES } from '../support/machines.js';
import { randomFrame } from '../support/network-builder.js';
import { networkFromRecipe, recipeArbitrary } from '../support/random-network.js';

for (const machine of VARIED_MACHINES) {
  test(machine.name, { timeout: 600000 }, async () => {
    const binary = await coreSimulator(machine, console.log);
    await fc.assert(
      fc.asyncProperty(recipeArbitrary, fc.nat(), async (recipe, seed) => {
        const network = networkFromRecipe(recipe);
        const plan = planNetwork(network, machine);
        const frames = [randomFrame(network, seed), randomFrame(network, seed + 1)];
        expect(compareProgram(plan, frames[0]!)).toBeNull();
        const stalls = seed % 2 === 0 ? undefined : { input: 0.5, output: 0.6, seed: (seed % 1000) + 1 };
        const run = await compareVerilog(plan, frames, binary, { hangLimit: 200000, ...(stalls && { stalls }) });
        expect(run.difference).toBeNull();
      }),
      { numRuns: Number(process.env.RUNS ?? 20), seed: Number(process.env.SEED ?? 1), endOnFailure: false },
    );
  });
}
