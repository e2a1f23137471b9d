import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { simulatorAvailable } from '../../sim/build.js';
import { planNetwork } from '../../src/arch/plan/plan-network.js';
import { readNpy, writeNpy } from '../../src/base/npy.js';
import { goldenVectors, randomFrames } from '../../src/hdlgen/test-vectors.js';
import { runGolden } from '../../src/quant/golden.js';
import { inputCodes, modelOutput } from '../../src/quant/numerics.js';
import { compiledFiles } from '../support/project.js';
import { type CProject, ccAvailable, STRICT, writeCProject } from './c-project.js';
import { linkMachine, linkNetwork as network } from './link-suite.js';

const plan = planNetwork(network, linkMachine);
const available = ccAvailable && (await simulatorAvailable());

describe.skipIf(!available)('the C host program, in a project that was copied alone to another place', () => {
  let project: CProject;
  const demo = (...args: string[]) => execa('./systole_demo', args, { cwd: project.host, reject: false });

  beforeAll(async () => {
    project = await writeCProject(await compiledFiles(network, linkMachine));
  });
  afterAll(() => project.remove());

  test('compiles without a warning, by make and by one command', async () => {
    const { host } = project;
    await execa('make', ['systole_demo', `CFLAGS=-O2 -Werror`], { cwd: host });
    await execa('sh', ['-c', `cc ${STRICT.join(' ')} -o systole_demo *.c -lm`], { cwd: host });
  });

  test('the driver needs nothing of the C library but math, and nothing of an operating system', async () => {
    const { host } = project;
    const driver = ['systole.c', 'systole_ends.c', 'systole_steps.c', 'systole_lines.c'];
    const sources = [...driver, 'systole_network.c', 'systole_images.c'];
    await execa('cc', ['-std=c99', '-ffreestanding', '-O2', '-r', '-nostdlib', '-o', 'driver.o', ...sources], {
      cwd: host,
    });
    const { stdout } = await execa('nm', ['-u', 'driver.o'], { cwd: host });
    const wanted = stdout.split('\n').map((line) => line.trim().replace(/^U /, ''));
    // memset and memcpy may be asked for by any compiler, freestanding or not.
    const needed = wanted.filter((name) => !['', 'memset', 'memcpy'].includes(name) && !name.startsWith('_'));
    const math = ['exp', 'log', 'tanh', 'pow', 'sqrt', 'fmodf', 'floorf', 'ceilf', 'truncf', 'fabsf'];
    expect(needed.filter((name) => !math.includes(name))).toEqual([]);
    expect(needed).toContain('exp');
  });

  test('without a simulator it says how to get one', async () => {
    const { exitCode, stderr } = await demo('--random', '1');
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/not built: run host\/build_simulator\.sh/)]);
    const without = { cwd: project.host, reject: false, env: { PATH: '/nonexistent' } };
    const build = await execa('/bin/sh', ['build_simulator.sh'], without);
    expect([build.exitCode, build.stderr]).toEqual([1, expect.stringMatching(/verilator is not installed.*apt-get/)]);
  });

  test('builds its simulator and passes its own check', async () => {
    await execa('./build_simulator.sh', { cwd: project.host });
    const check = await execa('make', ['check'], { cwd: project.host });
    expect(check.stdout.match(/2 equal, 0 different/g)).toHaveLength(2);
  });

  test('200 inferences under random stalls give the golden outputs, at full rate in the planned cycles', async () => {
    const { results } = goldenVectors(plan, randomFrames(plan, 200, 11));
    await writeFile(join(project.host, 'golden.bin'), Buffer.concat(results));
    const stalled = await demo('--random', '200', '--seed', '11', '--stalls', '5', '--expect', 'golden.bin');
    expect(stalled.stdout).toMatch(/\n200 equal, 0 different$/);
    expect(stalled.exitCode).toBe(0);
    const full = await demo('--random', '3', '--seed', '11', '--expect', 'golden.bin');
    const planned = /3 frames, (\d+) to (\d+) cycles each \((\d+) planned\)/.exec(full.stdout)!;
    expect(planned.slice(1, 3)).toEqual([planned[3], planned[3]]);
  });

  test('an output that is not the expected one is told, with exit code 3', async () => {
    const golden = await readFile(join(project.host, 'golden.bin'));
    golden[5]! ^= 1;
    await writeFile(join(project.host, 'wrong.bin'), golden);
    const { exitCode, stdout } = await demo('--random', '2', '--seed', '11', '--expect', 'wrong.bin');
    expect(stdout).toMatch(/frame 0 differs[\s\S]*1 equal, 1 different$/);
    expect(exitCode).toBe(3);
  });

  test('real values from a .npy file give the outputs of the Node runtime, in a .npy file', async () => {
    const real = Float32Array.from({ length: 150 }, (_, i) => (i * 37) % 127);
    await writeFile(join(project.host, 'in.npy'), writeNpy({ shape: [2, 3, 5, 5], data: real }));
    const { exitCode } = await demo('in.npy', '--output', 'out.npy');
    expect(exitCode).toBe(0);
    const out = readNpy(await readFile(join(project.host, 'out.npy')), 'out.npy');
    const expected = [0, 75].flatMap((at) => {
      const codes = inputCodes(network, real.subarray(at, at + 75));
      return [...modelOutput(network, runGolden(network, codes).get(network.outputs[0]!.tensor)!)];
    });
    expect(out.shape).toEqual([2, 4, 1, 1]);
    expect([...out.data]).toEqual(expected);
  });

  test('codes and bare values give the same outputs as the .npy of real values', async () => {
    const frame = Uint8Array.from(randomFrames(plan, 1, 3)[0]!);
    const real = Float32Array.from({ length: 75 }, (_, i) => frame[(i % 25) * 3 + Math.floor(i / 25)]!);
    const write = (name: string, data: Uint8Array) => writeFile(join(project.host, name), data);
    await write('real.npy', writeNpy({ shape: [1, 3, 5, 5], data: real }));
    await write('codes.npy', writeNpy({ shape: [1, 5, 5, 3], data: frame }));
    await write('real.bin', new Uint8Array(real.buffer));
    await write('codes.bin', frame);
    const outputs = [['real.npy'], ['codes.npy'], ['real.bin'], ['--codes', 'codes.bin']].map((args) => demo(...args));
    const lines = (await Promise.all(outputs)).map(({ stdout }) => stdout);
    expect(lines[0]).toMatch(/^frame 0: \d+ cycles, prediction \d, output( -?\d+){4}\n/);
    expect(new Set(lines).size).toBe(1);
  });

  test.each([
    ['no input', [], 2, /either INPUT or --random/],
    ['an unknown option', ['--wrong', '1'], 2, /unknown/],
    ['no number', ['--random', 'x'], 2, /number/],
    ['a missing file', ['none.npy'], 1, /none\.npy: the file cannot be read/],
    ['a file of another size', ['systole.h', '--codes'], 1, /whole number of frames/],
    ['missing expectations', ['--random', '3', '--expect', 'expected.bin'], 1, /end before frame 2/],
    ['a simulator that is none', ['--random', '1', '--simulator', '/bin/true'], 1, /simulator process ended/],
  ])('%s is refused', async (_, args, code, text) => {
    const { exitCode, stderr } = await demo(...args);
    expect(stderr).toMatch(text);
    expect(exitCode).toBe(code);
  });

  test('every error has its status, and the machine takes the next frame', async () => {
    const program = await project.fixture('cases');
    const { stdout } = await execa(program, ['build/systole-sim'], { cwd: project.host });
    const lines = new Map(stdout.split('\n').map((line) => line.split(': ', 2) as [string, string]));
    const statuses = Object.fromEntries([...lines].map(([name, text]) => [name, text.split(/[,;]/)[0]]));
    expect(statuses).toEqual({
      ...{ identity: '4', 'not loaded': '6', 'identity then': '0' },
      ...{ short: '7', 'short then': '0', long: '8', 'long then': '0' },
      ...{ checksum: '5', 'after checksum': '6', 'checksum then': '0', 'no write_many': '0' },
      ...{ replaced: '0', record: '10', 'record then': '0', timeout: '12', 'timeout then': '0', link: '1' },
    });
    for (const [name, text] of lines) if (name.endsWith('then')) expect([name, text]).toEqual([name, '0, equal']);
    const identity = BigInt(`0x${/found ([0-9a-f]+)/.exec(stdout)![1]}`);
    expect(stdout).toContain(`expected ${(identity ^ 1n).toString(16)} found ${identity.toString(16)}`);
    expect(stdout).toMatch(/timeout: 12, .* did not answer in time; .* LOAD waits for input/);
  });
});
