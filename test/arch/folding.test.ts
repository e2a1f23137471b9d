import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { countCycles } from '../../src/arch/timing/count-cycles.js';
import { compareProgram, compareVerilog, coreSimulator } from '../end-to-end/levels.js';
import { FOLDING_MACHINES } from '../support/machines.js';
import { randomCodes } from '../support/network-builder.js';
import { networkFromRecipe, recipeArbitrary } from '../support/random-network.js';

const RUNS = Number(process.env.RUNS ?? 12);
const SEED = Number(process.env.SEED ?? 1);

describe('kernel windows folded into the lanes at the feed', () => {
  for (const machine of FOLDING_MACHINES) {
    test(`the program simulator agrees with the golden model on ${machine.name}`, () => {
      let folded = 0;
      fc.assert(
        fc.property(recipeArbitrary, fc.nat(), (recipe, seed) => {
          const plan = planNetwork(networkFromRecipe(recipe, machine), machine);
          folded += plan.program.filter((record) => record.opcode === 'feed' && record.fields.fold === 1).length;
          expect(compareProgram(plan, randomCodes(plan.network, seed))).toBeNull();
        }),
        { numRuns: 60, seed: 1 },
      );
      expect(folded).toBeGreaterThan(0);
    });

    test(`so does the Verilated core on ${machine.name}, in exactly the planned cycles`, {
      timeout: 600_000,
    }, async () => {
      const binary = await coreSimulator(machine);
      await fc.assert(
        fc.asyncProperty(recipeArbitrary, fc.nat(), async (recipe, seed) => {
          const plan = planNetwork(networkFromRecipe(recipe, machine), machine);
          fc.pre(plan.program.some((record) => record.opcode === 'feed' && record.fields.fold === 1));
          const { cycles } = countCycles(machine, plan.images);
          const frames = [randomCodes(plan.network, seed), randomCodes(plan.network, seed + 1)];
          const run = await compareVerilog(plan, frames, binary, { hangLimit: 500_000 });
          expect(run).toEqual({ difference: null, cycles: [cycles, cycles] });
        }),
        { numRuns: RUNS, seed: SEED, maxSkipsPerRun: 1000 },
      );
    });
  }
});
