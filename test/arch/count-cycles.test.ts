import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runSimulation } from '../../sim/run.js';
import type { Plan } from '../../src/arch/plan/plan.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { inputBytes } from '../../src/arch/plan/stream-frames.js';
import { type CycleCount, countCycles, countInterval, INTERVAL_FRAMES } from '../../src/arch/timing/count-cycles.js';
import { compareVerilog, coreSimulator, goldenBytes } from '../end-to-end/levels.js';
import { testMachine, VARIED_MACHINES } from '../support/machines.js';
import { NetworkBuilder, randomCodes } from '../support/network-builder.js';
import { networkFromRecipe, recipeArbitrary } from '../support/random-network.js';

const RUNS = Number(process.env.RUNS ?? 12);
const SEED = Number(process.env.SEED ?? 1);

describe('the cycle count equals that of the Verilated core, exactly, on random networks', () => {
  for (const machine of VARIED_MACHINES) {
    const { name, rows, cols, lanes, activationDigit, weightDigit } = machine;
    const title = `${name}: ${rows}x${cols}x${lanes} with digits (${activationDigit},${weightDigit})`;
    test(`on ${title}`, { timeout: 600_000 }, async () => {
      const binary = await coreSimulator(machine);
      await fc.assert(
        fc.asyncProperty(recipeArbitrary, fc.nat(), async (recipe, seed) => {
          const network = networkFromRecipe(recipe, machine);
          const plan = planNetwork(network, machine);
          const count = countCycles(machine, plan.images);
          const frames = [randomCodes(network, seed), randomCodes(network, seed + 1)];
          const run = await compareVerilog(plan, frames, binary, { hangLimit: 500_000 });
          expect(run).toEqual({ difference: null, cycles: [count.cycles, count.cycles] });
          expectWaterfall(plan, count);
        }),
        { numRuns: RUNS, seed: SEED },
      );
    });
  }
});

describe('the interval from frame to frame equals that of the Verilated core, exactly, frames waiting at the door', () => {
  for (const machine of VARIED_MACHINES) {
    test(`on ${machine.name}`, { timeout: 600_000 }, async () => {
      const binary = await coreSimulator(machine);
      await fc.assert(
        fc.asyncProperty(recipeArbitrary, fc.nat(), async (recipe, seed) => {
          const network = networkFromRecipe(recipe, machine);
          const plan = planNetwork(network, machine);
          const frames = Array.from({ length: INTERVAL_FRAMES }, (_, i) => randomCodes(network, seed + i));
          const { frames: results } = await runSimulation(binary, {
            images: plan.images,
            frames: frames.map((codes) => inputBytes(plan.inputs, codes)),
            pipelined: true,
          });
          const [before, last] = results.slice(-2).map((result) => (result.kind === 'output' ? result.lastOut : 0));
          expect(last! - before!).toBe(countInterval(machine, plan.images));
          results.forEach((result, i) => {
            expect(result).toMatchObject({ kind: 'output', bytes: goldenBytes(plan, frames[i]!) });
          });
        }),
        { numRuns: RUNS, seed: SEED },
      );
    });
  }
});

/** Every cycle has one reason, and every layer's steps are the plan's. */
function expectWaterfall(plan: Plan, { cycles, waterfall, layers }: CycleCount): void {
  const { fill, compute, rows, weights, post, fetch, drain } = waterfall;
  expect(fill + compute + rows + weights + post + fetch + drain).toBe(cycles);
  const fed = plan.layers.filter(({ unit }) => unit === 'array');
  expect(layers.map(({ steps }) => steps)).toEqual(fed.map(({ steps }) => steps));
  expect(compute).toBe(plan.layers.reduce((sum, layer) => sum + layer.steps, 0));
  for (const layer of layers) expect(layer.cycles).toBeGreaterThanOrEqual(layer.steps);
}

describe('the cycle model', () => {
  test('gets back the credits of slots that a pool keeps, however close they follow each other', () => {
    const machine = testMachine({ memory: { fifoEntries: 4 } });
    const network = new NetworkBuilder({ height: 4, width: 4, channels: 1 })
      .conv({ kernel: [1, 1], channels: 4 })
      .maxpool({ kernel: [2, 2], strides: [2, 2] })
      .conv({ kernel: [1, 1], channels: 1 })
      .build();
    const { images } = planNetwork(network, machine);
    expect(countCycles(machine, images).cycles).toBeGreaterThan(0);
  });
});
