import { describe, expect, test } from 'vitest';
import { simulatorAvailable } from '../../sim/build.js';
import { runSimulation } from '../../sim/run.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { encodeProgram } from '../../src/arch/program/encode.js';
import type { Images, ProgramRecord } from '../../src/arch/program/program.js';
import { runProgram } from '../../src/arch/simulator/run-program.js';
import { SystoleError } from '../../src/base/error.js';
import { coreSimulator } from '../end-to-end/levels.js';
import { testMachine } from '../support/machines.js';
import { NetworkBuilder, randomFrame } from '../support/network-builder.js';

const machine = testMachine({ memory: { fifoEntries: 4 } });
const network = new NetworkBuilder({ height: 6, width: 5, channels: 3 })
  .conv({ kernel: [1, 1], channels: 4, weightBits: 3 })
  .conv({ kernel: [1, 1], channels: 4 })
  .conv({ kernel: [3, 3], channels: 4, pads: [1, 1, 1, 1], residual: 'conv0.out' })
  .conv({ kernel: [1, 1], channels: 4, bits: null })
  .build();
const plan = planNetwork(network, machine);
const frame = randomFrame(network, 3);
const layerRecord = (opcode: 'feed' | 'post', layer: number) => {
  const records = plan.program.filter((record) => record.opcode === opcode);
  return plan.program.indexOf(records[layer]!);
};

/** The plan's images with some fields of one record changed. */
function changed(opcode: 'feed' | 'post', layer: number, fields: Readonly<Record<string, number>>): Images {
  const at = layerRecord(opcode, layer);
  const program = plan.program.map(
    (record, i): ProgramRecord =>
      i === at ? ({ opcode, fields: { ...record.fields, ...fields } } as ProgramRecord) : record,
  );
  return { ...plan.images, program: encodeProgram(program, machine.fetchWords) };
}

/** What the failed assertion says; null where none fails. */
async function complaint(images: Images, stalled = false): Promise<string | null> {
  const stalls = stalled ? { stalls: { seed: 1, input: 0, output: 0.9 } } : {};
  try {
    const binary = await coreSimulator(machine);
    await runSimulation(binary, { images, frames: [frame], hangLimit: 20000, ...stalls });
    return null;
  } catch (error) {
    if (!(error instanceof SystoleError) || error.code !== 'tool-failed') throw error;
    return /systole assertion: (.*)/.exec(error.actual ?? '')?.[1] ?? `no assertion: ${error.actual}`;
  }
}

describe.skipIf(!(await simulatorAvailable()))(
  'the assertions of the core (skipped where Verilator is not installed)',
  () => {
    const timeout = 300_000;

    test('are silent on a program of the planner', { timeout }, async () => {
      expect(await complaint(plan.images)).toBeNull();
      expect(await complaint(plan.images, true)).toBeNull();
    });

    test('notice an accumulator beyond the bound that the compiler has proven', { timeout }, async () => {
      expect(await complaint(changed('post', 0, { accMax: 10 }))).toMatch(/^accumulator \d+ is not in -\d+\.\.10$/);
      expect(await complaint(changed('post', 3, { accMin: 0 }))).toMatch(/^accumulator -\d+ is not in 0\.\.\d+$/);
    });

    test('notice tiles that follow each other faster than they drain', { timeout }, async () => {
      const pace = { paceFull: 1, paceLast: 1 };
      expect(await complaint(changed('feed', 0, pace))).toBe('a tile ends while the one before still drains');
    });

    test('notice tiles that take fewer credits than they have slots', { timeout }, async () => {
      const slots = { slotsFull: 0, slotsLast: 0 };
      expect(await complaint(changed('feed', 3, slots), true)).toMatch(/overflows|more credits came back/);
    });

    test('notice a residual in the group that is fed from', { timeout }, async () => {
      const at = layerRecord('feed', 2);
      const { group } = plan.program[at]!.fields as { readonly group: number };
      expect(await complaint(changed('post', 2, { resGroup: group }))).toBe('FEED and the residual read one group');
    });
  },
);

describe('the program simulator', () => {
  test('refuses an accumulator beyond the bound as well', () => {
    const wrong = changed('post', 0, { accMax: 10 });
    expect(() => runProgram(machine, wrong, frame)).toThrow(/accumulator \d+ is not in -\d+\.\.10/);
    expect(() => runProgram(machine, plan.images, frame)).not.toThrow();
  });
});
