import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { comparePlan } from '../support/compare-levels.js';
import { VARIED_MACHINES } from '../support/machines.js';
import { randomCodes } from '../support/network-builder.js';
import { networkFromRecipe, recipeArbitrary } from '../support/random-network.js';

describe('layers that take turns by rows agree with the golden model, code for code, on random networks', () => {
  for (const varied of VARIED_MACHINES) {
    const machine = { ...varied, memory: { ...varied.memory, contexts: 8, foldEntries: 64 } };
    it(`on ${machine.name}`, () => {
      let turns = 0;
      fc.assert(
        fc.property(recipeArbitrary, fc.nat(), (recipe, seed) => {
          const network = networkFromRecipe(recipe, machine);
          const plan = planNetwork(network, machine, { order: 'rows' });
          if (plan.turns.length > plan.layers.length) turns += 1;
          expect(comparePlan(plan, randomCodes(network, seed)).divergence).toBeNull();
        }),
        { numRuns: Number(process.env.RUNS ?? 40), seed: 2024 },
      );
      expect(turns).toBeGreaterThan(0);
    });
  }
});
