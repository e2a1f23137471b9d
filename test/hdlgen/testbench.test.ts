import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { countCycles } from '../../src/arch/timing/count-cycles.js';
import { hardwareFiles } from '../../src/hdlgen/hardware.js';
import { programFiles } from '../../src/hdlgen/memory-images.js';
import { loadTemplates } from '../../src/hdlgen/templates.js';
import { goldenVectors, randomFrames } from '../../src/hdlgen/test-vectors.js';
import { testbenchFiles } from '../../src/hdlgen/testbench.js';
import { writeFiles } from '../../src/runtime/project.js';
import { testMachine } from '../support/machines.js';
import { NetworkBuilder } from '../support/network-builder.js';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'systole-tb-'));
});
afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

/** A folded first layer with a max pool behind it, then raw accumulators; small enough for an interpreter. */
async function writeProject(
  name: string,
  change: (files: Map<string, string | Uint8Array>) => void = () => {},
  machine = testMachine({ memory: { activationWords: 256, weightWords: 256, parameterWords: 64 } }),
) {
  const network = new NetworkBuilder({ height: 6, width: 6, channels: 3 }, 5)
    .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 6, weightBits: 3 })
    .maxpool({ kernel: [2, 2], strides: [2, 2] })
    .conv({ kernel: [3, 3], channels: 5, weightBits: 3, bits: null })
    .build();
  const plan = planNetwork(network, machine);
  const templates = await loadTemplates();
  const planCycles = countCycles(machine, plan.images).cycles;
  const vectors = goldenVectors(plan, randomFrames(plan, 3, 7));
  const files = new Map<string, string | Uint8Array>([
    ...hardwareFiles(machine, templates),
    ...programFiles(plan.images, plan.machine.fetchWords),
    ...testbenchFiles({ machine, images: plan.images, vectors, planCycles, templates }),
  ]);
  change(files);
  const folder = join(home, name);
  await writeFiles(folder, files);
  return folder;
}

const icarus = (folder: string, ...args: string[]) =>
  execa(join(folder, 'tb/run_icarus.sh'), args, { reject: false, timeout: 120_000 });

/** Flips one bit of line `line` of a hex file. */
function flipBit(files: Map<string, string | Uint8Array>, path: string, line: number): void {
  const lines = String(files.get(path)).split('\n');
  lines[line] = (Number.parseInt(lines[line]!, 16) ^ 1).toString(16).padStart(8, '0');
  files.set(path, lines.join('\n'));
}

describe('the generated test bench', () => {
  test('passes in Icarus at full rate in exactly the planned cycles, and under stalls', async () => {
    const folder = await writeProject('good');
    const full = await icarus(folder);
    expect(full.stdout).toMatch(/3 of 3 frames, 60 bytes equal, 0 bytes differ, 0 broken rules, 0 other faults/);
    expect(full.exitCode).toBe(0);
    const stalled = await icarus(folder, '+stall=40', '+seed=9');
    expect(stalled.stdout).toMatch(/\nPASS\n?$/);
    expect(stalled.exitCode).toBe(0);
  });

  test('has a DRAM where the weights come from one, in exactly the planned cycles too', async () => {
    const machine = testMachine({
      cols: 8,
      memory: { activationWords: 256, weightWords: 16, ringWords: 32, parameterWords: 64 },
      dram: { dataBits: 64, addressBits: 32, burst: 4, outstanding: 4, model: { latency: 30, efficiency: 80 } },
    });
    const folder = await writeProject('dram', () => {}, machine);
    const full = await icarus(folder);
    expect(full.stdout).toMatch(/3 of 3 frames, 60 bytes equal, 0 bytes differ, 0 broken rules, 0 other faults/);
    expect(full.exitCode).toBe(0);
    expect((await icarus(folder, '+stall=40', '+seed=9')).exitCode).toBe(0);
  });

  test('fails with the first mismatch when one bit of a weight is flipped', async () => {
    const folder = await writeProject('flipped', (files) => flipBit(files, 'program/weights.hex', 0));
    const run = await icarus(folder);
    expect(run.stdout).toMatch(/first mismatch: frame \d+, output byte \d+, expected [0-9a-f]{2}, got [0-9a-f]{2}\n/);
    expect(run.stdout).toMatch(/\nFAIL\n?$/);
    expect(run.exitCode).toBe(1);
  });

  test('fails when the planned cycles are not met, and when the machine is another one', async () => {
    const off = await writeProject('off-by-one', (files) => {
      const text = String(files.get('tb/systole_tb.v'));
      files.set(
        'tb/systole_tb.v',
        text.replace(/localparam PLANNED = (\d+)/, (_, n) => `localparam PLANNED = ${Number(n) + 1}`),
      );
    });
    expect((await icarus(off)).stdout).toMatch(/frame 0 took \d+ cycles, \d+ were planned\n[\s\S]*FAIL/);
    const other = await writeProject('other', (files) => {
      const text = String(files.get('rtl/systole_top.v'));
      files.set(
        'rtl/systole_top.v',
        text.replace(/64'h./, (head) => `${head.slice(0, -1)}${head.endsWith('0') ? '1' : '0'}`),
      );
    });
    expect((await icarus(other)).stdout).toMatch(/register 0c: expected [\s\S]*FAIL/);
  });
});
