/** Weights from DRAM: golden model, program simulator, cycle model and Verilog on machines with a ring. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countCycles } from '../../src/arch/timing/count-cycles.js';
import { SystoleError } from '../../src/base/error.js';
import { compareLevels } from '../support/compare-levels.js';
import { RING_MACHINES } from '../support/machines.js';
import { NetworkBuilder, randomCodes } from '../support/network-builder.js';
import { planOrRefusal } from '../support/refusals.js';
import { compareProgram, compareVerilog, coreSimulator, dramOf } from './levels.js';

const RUNS = Number(process.env.RUNS ?? 6);

/** Convolutions whose weights are more than the machine keeps beside its columns. */
function heavyNetwork(channels: number, kernel: 1 | 3, layers: number) {
  let builder = new NetworkBuilder({ height: 5, width: 4, channels: 3 });
  for (let i = 0; i < layers; i++)
    builder = builder.conv({ kernel: [kernel, kernel], channels, pads: kernel === 1 ? [0, 0, 0, 0] : [1, 1, 1, 1] });
  return builder.build();
}

const networks = fc.record({
  channels: fc.integer({ min: 1, max: 3 }),
  kernel: fc.constantFrom(1 as const, 3 as const),
  layers: fc.integer({ min: 3, max: 6 }),
});

describe('layers whose weights come through the ring', () => {
  for (const machine of RING_MACHINES) {
    test(`are exact at every level, cycles included, on ${machine.name}`, { timeout: 600_000 }, async () => {
      const binary = await coreSimulator(machine);
      let ringLayers = 0;
      await fc.assert(
        fc.asyncProperty(networks, fc.nat(), async ({ channels, kernel, layers }, seed) => {
          const network = heavyNetwork(Math.min(channels * 2, machine.cols), kernel, layers);
          const plan = planOrRefusal(network, machine);
          fc.pre(!(plan instanceof SystoleError));
          ringLayers += plan.program.filter(
            ({ opcode, fields }) => opcode === 'feed' && 'ring' in fields && fields.ring === 1,
          ).length;
          const frames = [randomCodes(network, seed), randomCodes(network, seed + 1)];
          expect(compareLevels(network, machine, frames[0]!).divergence).toBeNull();
          expect(compareProgram(plan, frames[0]!)).toBeNull();
          const { cycles } = countCycles(machine, plan.images);
          const ideal = await compareVerilog(plan, frames, binary, { hangLimit: 500_000 });
          expect(ideal).toEqual({ difference: null, cycles: [cycles, cycles] });
          const stalls = { seed, input: 0.4, output: 0.4 };
          const stalled = await compareVerilog(plan, frames, binary, {
            stalls,
            ...dramOf(machine, { stall: 0.4 }),
            hangLimit: 500_000,
          });
          expect(stalled.difference).toBeNull();
        }),
        { numRuns: RUNS, seed: 1, maxSkipsPerRun: 100 },
      );
      expect(ringLayers).toBeGreaterThan(0);
    });
  }
});
