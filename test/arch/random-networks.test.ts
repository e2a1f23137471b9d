import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareLevels } from '../support/compare-levels.js';
import { VARIED_MACHINES } from '../support/machines.js';
import { randomCodes } from '../support/network-builder.js';
import { networkFromRecipe, recipeArbitrary } from '../support/random-network.js';

describe('the program simulator agrees with the golden model, code for code, on random networks', () => {
  for (const machine of VARIED_MACHINES) {
    const { name, rows, cols, lanes, activationDigit, weightDigit } = machine;
    it(`on ${name}: ${rows}x${cols}x${lanes} with digits (${activationDigit},${weightDigit})`, () => {
      fc.assert(
        fc.property(recipeArbitrary, fc.nat(), (recipe, seed) => {
          const network = networkFromRecipe(recipe, machine);
          expect(compareLevels(network, machine, randomCodes(network, seed)).divergence).toBeNull();
        }),
        { numRuns: Number(process.env.RUNS ?? 60), seed: 2024 },
      );
    });
  }
});
