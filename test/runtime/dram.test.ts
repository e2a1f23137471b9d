/** Weights in DRAM: what the runtimes put there, over which links. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { simulatorAvailable } from '../../sim/build.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { goldenVectors, randomFrames } from '../../src/hdlgen/test-vectors.js';
import { runGolden } from '../../src/quant/golden.js';
import { openProgramLink } from '../../src/runtime/links/program.js';
import { openModel } from '../../src/runtime/model.js';
import { RING_MACHINES } from '../support/machines.js';
import { NetworkBuilder } from '../support/network-builder.js';
import { compiledFiles, compiledModel } from '../support/project.js';
import { type CProject, ccAvailable, STRICT, writeCProject } from './c-project.js';

const machine = { ...RING_MACHINES[0]!, name: 'ring' };
const same3 = { kernel: [3, 3], pads: [1, 1, 1, 1] } as const;
const network = new NetworkBuilder({ height: 5, width: 4, channels: 3 }, 4)
  .conv({ ...same3, channels: 4, weightBits: 3 })
  .conv({ ...same3, channels: 4, weightBits: 3 })
  .conv({ ...same3, channels: 6, weightBits: 3 })
  .conv({ kernel: [5, 4], channels: 2, weightBits: 3, bits: null })
  .build();
const plan = planNetwork(network, machine);

test('a model with weights in DRAM runs over a link that has one, and is refused over one that has none', async () => {
  expect(plan.images.dram.length).toBeGreaterThan(0);
  const model = await compiledModel(network, machine);
  expect(model.images.dram).toEqual(plan.images.dram);
  const session = await openModel(model, openProgramLink(machine));
  const frame = randomFrames(plan, 1, 3)[0]!;
  const { output } = await session.inferCodes(Uint8Array.from(frame));
  expect(output).toEqual(runGolden(network, frame).get(network.outputs[0]!.tensor));
  await session.close();
  const bare = { ...openProgramLink(machine), dram: null };
  await expect(openModel(model, bare)).rejects.toMatchObject({ code: 'accelerator-error' });
});

describe.skipIf(!ccAvailable || !(await simulatorAvailable()))('the C host program (skipped without compilers)', () => {
  let project: CProject | undefined;
  afterAll(() => project?.remove());

  test('fills DRAM from the project, and takes the planned cycles', { timeout: 600_000 }, async () => {
    project = await writeCProject(await compiledFiles(network, machine));
    const { host } = project;
    await execa('sh', ['-c', `cc ${STRICT.join(' ')} -o systole_demo *.c -lm`], { cwd: host });
    await execa('./build_simulator.sh', { cwd: host });
    const { results } = goldenVectors(plan, randomFrames(plan, 10, 11));
    await writeFile(join(host, 'golden.bin'), Buffer.concat(results));
    const demo = (...args: string[]) => execa('./systole_demo', args, { cwd: host, reject: false });
    const full = await demo('--random', '10', '--seed', '11', '--expect', 'golden.bin');
    const planned = /10 frames, (\d+) to (\d+) cycles each \((\d+) planned\)/.exec(full.stdout);
    expect(planned?.slice(1, 3)).toEqual([planned?.[3], planned?.[3]]);
    expect([full.exitCode, full.stderr]).toEqual([0, '']);
    const stalled = await demo('--random', '10', '--seed', '11', '--expect', 'golden.bin', '--stalls', '3');
    expect([stalled.exitCode, stalled.stderr]).toEqual([0, '']);
  });
});
