import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { countCycles } from '../../src/arch/timing/count-cycles.js';
import { compareVerilog, coreSimulator } from '../end-to-end/levels.js';
import { TURN_MACHINES } from '../support/machines.js';
import { randomCodes } from '../support/network-builder.js';
import { networkFromRecipe, recipeArbitrary } from '../support/random-network.js';

const RUNS = Number(process.env.RUNS ?? 12);

describe("layers that take turns by rows: codes and cycles of the Verilated core are the golden model's and the cycle count", () => {
  for (const machine of TURN_MACHINES) {
    test(`on ${machine.name}`, { timeout: 600_000 }, async () => {
      const binary = await coreSimulator(machine);
      let turns = 0;
      await fc.assert(
        fc.asyncProperty(recipeArbitrary, fc.nat(), async (recipe, seed) => {
          const network = networkFromRecipe(recipe, machine);
          const plan = planNetwork(network, machine, { order: 'rows' });
          if (plan.turns.length > plan.layers.length) turns += 1;
          const { cycles } = countCycles(machine, plan.images);
          const frames = [randomCodes(network, seed), randomCodes(network, seed + 1)];
          const run = await compareVerilog(plan, frames, binary, { hangLimit: 500_000 });
          expect(run).toEqual({ difference: null, cycles: [cycles, cycles] });
        }),
        { numRuns: RUNS, seed: 5 },
      );
      expect(turns).toBeGreaterThan(0);
    });
  }
});
