import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Machine } from '../../../src/arch/machine.js';
import { checkMachine } from '../../../src/arch/machine-schema.js';
import { SystoleError } from '../../../src/base/error.js';
import { compareLevels } from '../../support/compare-levels.js';
import { randomCodes } from '../../support/network-builder.js';
import { networkFromRecipe, recipeArbitrary } from '../../support/random-network.js';
import { planOrRefusal } from '../../support/refusals.js';

const RUNS = Number(process.env.RUNS ?? 400);
const SEED = Number(process.env.SEED ?? 1);
const power = (min: number, max: number) => fc.integer({ min, max }).map((n) => 2 ** n);

/** Any small machine, its memories from far too small to ample. */
const machineArbitrary: fc.Arbitrary<Machine> = fc
  .record({
    rows: fc.integer({ min: 1, max: 5 }),
    slots: fc.integer({ min: 1, max: 4 }),
    lanes: power(1, 4),
    activationDigit: fc.constantFrom(1, 2, 4, 8),
    weightDigit: fc.constantFrom(1, 2, 3, 4, 8),
    postWidth: power(0, 2),
    accBits: fc.integer({ min: 16, max: 32 }),
    mBits: fc.integer({ min: 24, max: 34 }),
    bBits: fc.integer({ min: 40, max: 64 }),
    nBits: fc.integer({ min: 5, max: 6 }),
    groups: fc.integer({ min: 2, max: 4 }),
    activationWords: power(3, 14),
    weightWords: power(3, 16),
    parameterWords: power(1, 8),
    tableEntries: fc.oneof(fc.constant(0), power(2, 10)),
    programWords: power(6, 11),
    passEntries: power(1, 9),
    counters: fc.integer({ min: 4, max: 12 }),
  })
  .map(({ slots, ...m }) => {
    const postWidth = Math.min(m.postWidth, m.lanes);
    const { groups, activationWords, weightWords, parameterWords, tableEntries, programWords, passEntries, ...rest } =
      m;
    const fifoEntries = 2 ** Math.ceil(Math.log2(2 * m.rows * slots));
    const words = { activationWords, weightWords, parameterWords, tableEntries, programWords };
    const memory = { groups, ...words, ringWords: 0, foldEntries: 0, contexts: 0, passEntries, fifoEntries };
    const stream = { inBytes: 4, outBytes: 4 };
    return checkMachine({
      name: 'any',
      ...rest,
      postWidth,
      cols: slots * postWidth,
      columnsPerStage: 1,
      fetchWords: 1,
      depthwise: null,
      dram: null,
      memory,
      stream,
    } as Machine);
  });

describe('the planner, with any network on any machine', () => {
  test('plans it rightly or refuses it with a reason of the machine', () => {
    const codes = new Map<string, number>();
    fc.assert(
      fc.property(recipeArbitrary, machineArbitrary, fc.nat(), (recipe, machine, seed) => {
        const network = seed % 8 === 0 ? networkFromRecipe(recipe) : networkFromRecipe(recipe, machine);
        const plan = planOrRefusal(network, machine);
        const outcome = plan instanceof SystoleError ? plan.code : 'planned';
        codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
        if (!(plan instanceof SystoleError)) {
          expect(compareLevels(network, machine, randomCodes(network, seed)).divergence).toBeNull();
          return;
        }
        expect(plan.where).toBeDefined();
        expect(plan.actual).toBeDefined();
        if (plan.code !== 'memory-too-small') return;
        expect(plan.actual).toMatch(/\d+ \w+.*, \d+ too few/);
        expect(plan.hint).toMatch(/^use a machine with more /);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    if (RUNS >= 400) expect([...codes.keys()]).toEqual(expect.arrayContaining(['planned', 'memory-too-small']));
  });
});
