import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { countCycles } from '../../src/arch/timing/count-cycles.js';
import { compareProgram, compareVerilog, coreSimulator } from '../end-to-end/levels.js';
import { CONTEXT_MACHINES } from '../support/machines.js';
import { randomCodes } from '../support/network-builder.js';
import { networkFromRecipe, recipeArbitrary } from '../support/random-network.js';
import { otherForm } from '../support/record-forms.js';

const RUNS = Number(process.env.RUNS ?? 12);
const SEED = Number(process.env.SEED ?? 1);

describe('column tiles outside the map, rows in several records, circular buffers: the outputs stay', () => {
  for (const machine of CONTEXT_MACHINES) {
    test(`in the program simulator on ${machine.name}`, () => {
      const seen = { repeat: 0, nCo: 0, resume: 0, dBufferSize: 0, rBufferSize: 0, bufferSize: 0, lines: 0 };
      fc.assert(
        fc.property(recipeArbitrary, fc.nat(), (recipe, seed) => {
          const network = networkFromRecipe(recipe, machine);
          const plan = otherForm(planNetwork(network, machine), seed);
          expect(compareProgram(plan, randomCodes(network, seed))).toBeNull();
          for (const { opcode, fields } of plan.program) {
            if (opcode === 'repeat') seen.repeat += fields.count - 1;
            if (opcode === 'feed') seen.bufferSize += fields.bufferSize;
            if (opcode !== 'post') continue;
            seen.nCo += fields.nCo - 1;
            seen.resume += fields.resume;
            seen.dBufferSize += fields.dBufferSize;
            seen.rBufferSize += fields.rBufferSize;
            seen.lines += fields.pixelsPerTile / fields.tileCols - 1;
          }
        }),
        { numRuns: 60, seed: 1 },
      );
      // Tiles of several lines and circular inputs exclude each other: residuals in buffers are rare where both may be.
      const absent = Object.entries(seen).flatMap(([form, count]) => (count === 0 ? [form] : []));
      expect(absent).toEqual(machine.rows === 1 ? ['lines'] : ['rBufferSize']);
    });

    test(`and in the Verilated core on ${machine.name}, in exactly the planned cycles`, {
      timeout: 600_000,
    }, async () => {
      const binary = await coreSimulator(machine);
      await fc.assert(
        fc.asyncProperty(recipeArbitrary, fc.nat(), async (recipe, seed) => {
          const network = networkFromRecipe(recipe, machine);
          const plan = otherForm(planNetwork(network, machine), seed);
          const { cycles } = countCycles(machine, plan.images);
          const frames = [randomCodes(network, seed), randomCodes(network, seed + 1)];
          const run = await compareVerilog(plan, frames, binary, { hangLimit: 500_000 });
          expect(run).toEqual({ difference: null, cycles: [cycles, cycles] });
        }),
        { numRuns: RUNS, seed: SEED },
      );
    });
  }
});
