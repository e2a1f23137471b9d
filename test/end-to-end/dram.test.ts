/** Weights from DRAM: golden model, program simulator, cycle model and Verilog on machines with a ring. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { runSimulation, SIMULATED_DRAM } from '../../sim/run.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { inputBytes } from '../../src/arch/plan/stream-frames.js';
import { encodeProgram } from '../../src/arch/program/encode.js';
import type { Images, ProgramRecord } from '../../src/arch/program/program.js';
import { bitOf, explainWaiting } from '../../src/arch/register-values.js';
import { runProgram } from '../../src/arch/simulator/run-program.js';
import { countCycles, countInterval, INTERVAL_FRAMES } from '../../src/arch/timing/count-cycles.js';
import { SystoleError } from '../../src/base/error.js';
import { withSession } from '../rtl/session.js';
import { compareLevels } from '../support/compare-levels.js';
import { RING_MACHINES } from '../support/machines.js';
import { NetworkBuilder, randomCodes } from '../support/network-builder.js';
import { planOrRefusal } from '../support/refusals.js';
import { compareProgram, compareVerilog, coreSimulator, dramOf, goldenBytes } from './levels.js';

const RUNS = Number(process.env.RUNS ?? 6);

/** Convolutions whose weights are more than the machine keeps beside its columns. */
function heavyNetwork(channels: number, kernel: 1 | 3, layers: number) {
  let builder = new NetworkBuilder({ height: 5, width: 4, channels: 3 });
  for (let i = 0; i < layers; i++)
    builder = builder.conv({ kernel: [kernel, kernel], channels, pads: kernel === 1 ? [0, 0, 0, 0] : [1, 1, 1, 1] });
  return builder.build();
}

const networks = fc.record({
  channels: fc.integer({ min: 1, max: 5 }),
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
          const network = heavyNetwork(channels * 2, kernel, layers);
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

describe('a machine whose weights come from DRAM', () => {
  const machine = RING_MACHINES[0]!;
  const plan = planNetwork(heavyNetwork(4, 3, 4), machine);
  const frames = Array.from({ length: INTERVAL_FRAMES }, (_, i) => randomCodes(plan.network, i));
  const bytes = inputBytes(plan.inputs, frames[0]!);
  const expected = goldenBytes(plan, frames[0]!);
  const { dram } = dramOf(machine);
  let binary = '';
  beforeAll(async () => {
    binary = await coreSimulator(machine);
  }, 600_000);

  test('takes frames back to back, at the interval that the cycle model says, and under stalls', async () => {
    const inputs = frames.map((codes) => inputBytes(plan.inputs, codes));
    const job = { images: plan.images, frames: inputs, pipelined: true, dram: dram! };
    const ideal = await runSimulation(binary, job);
    ideal.frames.forEach((result, i) => {
      expect(result).toMatchObject({ kind: 'output', bytes: goldenBytes(plan, frames[i]!) });
    });
    const [before, last] = ideal.frames.slice(-2).map((result) => (result.kind === 'output' ? result.lastOut : 0));
    expect(last! - before!).toBe(countInterval(machine, plan.images));
    for (const stall of [0.3, 0.9]) {
      const stalls = { seed: 1, input: 0.2, output: 0.5 };
      const stalled = await runSimulation(binary, { ...job, stalls, dram: { ...dram!, stall, seed: 5 } });
      stalled.frames.forEach((result, i) => {
        expect(result).toMatchObject({ kind: 'output', bytes: goldenBytes(plan, frames[i]!) });
      });
    }
  });

  test('stops with ERROR.dram where DRAM answers with an error, and runs again when it does not', async () => {
    await withSession(binary, plan.images, async ({ machine: simulator, infer, read, reset }) => {
      await simulator.dram(dram!);
      const last = SIMULATED_DRAM + 4 * plan.images.dram.length - 1;
      for (const address of [SIMULATED_DRAM, SIMULATED_DRAM + 2 * plan.images.dram.length, last]) {
        await simulator.dramFault(address, 1);
        expect(await infer(bytes)).toMatchObject({ kind: 'error' });
        expect(await read('ERROR')).toBe(bitOf('ERROR', 'dram'));
        await simulator.dramFault(0, 0);
        await reset();
        expect(await infer(bytes)).toMatchObject({ kind: 'frame', bytes: expected });
      }
    });
  });

  test('begins anew behind a soft reset at any point of its bursts', async () => {
    await withSession(binary, plan.images, async ({ machine: simulator, infer, reset }) => {
      await simulator.dram({ ...dram!, latency: 60, stall: 0.2 });
      for (let cycles = 1; cycles < 400; cycles += 13) {
        await simulator.send(bytes);
        await simulator.step(cycles);
        await reset();
        expect(await infer(bytes)).toMatchObject({ kind: 'frame', bytes: expected });
      }
    });
  });

  test('says that FEED waits for weights and the mover for DRAM when DRAM does not answer', async () => {
    await withSession(binary, plan.images, async ({ machine: simulator, infer, read, write }) => {
      await simulator.dram({ ...dram!, latency: 1_000_000_000 });
      await write('WATCHDOG', 1000);
      expect(await infer(bytes)).toMatchObject({ kind: 'error' });
      expect(await read('ERROR')).toBe(bitOf('ERROR', 'watchdog'));
      const text = explainWaiting(await read('WAITING'), await read('MOVERS'));
      expect(text).toMatch(/FEED waits for weights in the ring: they are not \d+ words yet/);
      expect(text).toContain('the weight mover waits for DRAM');
    });
  });

  test('is refused programs that use the ring as no machine can', () => {
    const change = (opcode: string, fields: Readonly<Record<string, number>>) => ({
      ...plan.images,
      program: encodeProgram(
        plan.program.map((record) =>
          record.opcode === opcode && !('ring' in record.fields && record.fields.ring === 0)
            ? ({ ...record, fields: { ...record.fields, ...fields } } as ProgramRecord)
            : record,
        ),
        machine.fetchWords,
      ),
    });
    const run = (images: Images) => () => runProgram(machine, images, bytes);
    const words = plan.program.find((record) => record.opcode === 'fill')!.fields.words;
    expect(run(change('fill', { words: words - 1 }))).toThrow(/FEED waits for \d+ ring words/);
    expect(run({ ...change('fill', { words: words + 1 }), dram: new Uint32Array(2 ** 16) })).toThrow(/no FEED uses/);
    expect(run(change('fill', { address: 64 }))).toThrow(/not in DRAM/);
    expect(run(change('feed', { tileWords: 1 }))).toThrow(/runs past the 1 ring words/);
    expect(run(change('feed', { wBase: 1 }))).toThrow(/wBase or wCt/);
    expect(run(change('feed', { tileWords: 65 }))).toThrow(/tileWords 65, more than 64/);
  });
});
