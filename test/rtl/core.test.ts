import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { countCycles } from '../../src/arch/timing/count-cycles.js';
import { SystoleError } from '../../src/base/error.js';
import { compareProgram, compareVerilog, coreSimulator } from '../end-to-end/levels.js';
import { farWindows } from '../support/known-networks.js';
import { namedMachines, ODD_MACHINES, testMachine } from '../support/machines.js';
import { randomCodes } from '../support/network-builder.js';
import { networkFromRecipe, recipeArbitrary } from '../support/random-network.js';
import { planOrRefusal } from '../support/refusals.js';

const RUNS = Number(process.env.RUNS ?? 12);
const SEED = Number(process.env.SEED ?? 1);

describe('the hand-written core, its parameters set by -G alone, is bit-exact with the images made for that machine', () => {
  // Of the named machines, the one that no suite of the known models runs on.
  const named = namedMachines().filter(({ name }) => name === '1x8x8');
  for (const machine of [...named, ...ODD_MACHINES]) {
    const { name, rows, cols, lanes, activationDigit, weightDigit } = machine;
    const title = `${name}: ${rows}x${cols}x${lanes} with digits (${activationDigit},${weightDigit})`;
    test(`on ${title}`, { timeout: 600_000 }, async () => {
      const binary = await coreSimulator(machine);
      let ran = 0;
      await fc.assert(
        fc.asyncProperty(recipeArbitrary, fc.nat(), fc.boolean(), async (recipe, seed, stalling) => {
          const network = networkFromRecipe(recipe, machine);
          const plan = planOrRefusal(network, machine);
          fc.pre(!(plan instanceof SystoleError));
          ran += 1;
          const frames = [randomCodes(network, seed), randomCodes(network, seed + 1)];
          expect(compareProgram(plan, frames[0]!)).toBeNull();
          const stalls = stalling ? { stalls: { input: 0.5, output: 0.6, seed } } : {};
          const run = await compareVerilog(plan, frames, binary, { hangLimit: 2_000_000, ...stalls });
          expect(run.difference).toBeNull();
          if (!stalling) expect(run.cycles[0]).toBe(countCycles(machine, plan.images).cycles);
        }),
        { numRuns: RUNS, seed: SEED, maxSkipsPerRun: 1000 },
      );
      expect(ran).toBeGreaterThanOrEqual(RUNS);
    });
  }

  test('where windows lie as far outside the map as the planner lets them', { timeout: 600_000 }, async () => {
    const machine = testMachine({ memory: { activationWords: 64 } });
    const binary = await coreSimulator(machine);
    for (const [axis, distance] of [
      [0, 255],
      [1, 127],
    ] as const) {
      const plan = planNetwork(farWindows(axis, distance), machine);
      const run = await compareVerilog(plan, [randomCodes(plan.network, 1)], binary);
      expect(run.difference).toBeNull();
    }
  });
});
