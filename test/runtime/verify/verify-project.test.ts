import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { simulatorAvailable } from '../../../sim/build.js';
import type { Images } from '../../../src/arch/program/program.js';
import { countInterval } from '../../../src/arch/timing/count-cycles.js';
import { requantize, runGolden } from '../../../src/quant/golden.js';
import type { ConvLayer } from '../../../src/quant/network.js';
import type { CompiledModel } from '../../../src/runtime/model.js';
import { type VerifyOptions, verifyProject } from '../../../src/runtime/verify/verify-project.js';
import { testCache } from '../../sim/rtl-files.js';
import { testMachine } from '../../support/machines.js';
import { NetworkBuilder, randomFrame } from '../../support/network-builder.js';
import { compiledModel } from '../../support/project.js';
import { byteRecipeArbitrary, networkFromRecipe } from '../../support/random-network.js';

const machine = testMachine();
const available = await simulatorAvailable();
const network = new NetworkBuilder({ height: 6, width: 6, channels: 3 }, 5)
  .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 6, weightBits: 3 })
  .maxpool({ kernel: [2, 2], strides: [2, 2] })
  .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 6, weightBits: 3, residual: 'pool1.out' })
  .conv({ kernel: [3, 3], channels: 5, weightBits: 3, bits: null })
  .build();
const frames = [1, 2].map((seed) => randomFrame(network, seed));
const golden = runGolden(network, frames[0]!);

const verify = (model: CompiledModel, options: Partial<VerifyOptions> = {}) =>
  verifyProject(model, frames, { cacheDir: testCache, ...options });

/** The compiled network with one bit flipped in one piece of one memory. */
async function withFlippedBit(memory: keyof Images, piece: number, bit: number): Promise<CompiledModel> {
  const model = await compiledModel(network, machine);
  const image = model.images[memory].slice();
  image[piece]! ^= 1 << bit;
  return { ...model, images: { ...model.images, [memory]: image } };
}

async function withVerilog(file: string, from: string, to: string): Promise<CompiledModel> {
  const model = await compiledModel(network, machine);
  const text = model.verilog.get(file)!;
  expect(text.split(from)).toHaveLength(2);
  return { ...model, verilog: new Map(model.verilog).set(file, text.replace(from, to)) };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

test('without Verilator it is refused, with how to install it and what works without it', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  await expect(verify(await compiledModel(network, machine))).rejects.toMatchObject({
    code: 'tool-missing',
    hint: /apt-get install verilator.*--on program/s,
  });
});

test('frames of another size, and no frames, are refused', async () => {
  const model = await compiledModel(network, machine);
  const short = frames[0]!.slice(1);
  await expect(verifyProject(model, [short], { cacheDir: testCache })).rejects.toMatchObject({
    code: 'data-shape',
  });
  await expect(verifyProject(model, [], { cacheDir: testCache })).rejects.toMatchObject({ code: 'option-invalid' });
});

describe.skipIf(!available)('golden model, program simulator and Verilog', () => {
  test('are equal on every layer, with and without stalls, in exactly the planned cycles', async () => {
    const model = await compiledModel(network, machine);
    const seen: string[] = [];
    const report = await verify(model, {
      stalls: { input: 0.5, output: 0.4 },
      jobs: 2,
      pipelined: true,
      onFrame: (done, total) => seen.push(`${done}/${total}`),
    });
    expect(report).toMatchObject({ bitExact: true, images: 2, mismatches: 0, firstDivergence: null });
    expect(report.cycles).toBe(report.planCycles);
    expect(report.interval).toBe(countInterval(machine, model.images));
    expect(report.utilization).toBeCloseTo(report.usefulDigitMacs / (report.planCycles * 16), 12);
    expect(report.layers.map(({ name, exactness }) => [name, exactness])).toEqual([
      ['conv0', 'exact'],
      ['conv2.copy', 'exact'],
      ['conv2', 'exact'],
      ['conv3', 'exact'],
    ]);
    expect(seen).toEqual(['1/4', '2/4', '3/4', '4/4']);
  });

  test('are equal on random networks under stalls', async () => {
    const property = fc.asyncProperty(byteRecipeArbitrary(), fc.nat(1000), async (recipe, seed) => {
      const random = networkFromRecipe(recipe);
      const model = await compiledModel(random, machine);
      const report = await verifyProject(model, [randomFrame(random, seed)], {
        cacheDir: testCache,
        seed,
        stalls: { input: 0.3, output: 0.6 },
      });
      expect(report.firstDivergence).toBeNull();
      expect(report.cycles).toBe(report.planCycles);
    });
    await fc.assert(property, { numRuns: 15, seed: 7 });
  });

  test('a wrong weight is found in the layer and channel that it belongs to', async () => {
    // Weight word 0 of column 3: channel 3 of the first layer.
    const report = await verify(await withFlippedBit('weights', 3, 0));
    const first = report.firstDivergence!;
    expect(first).toMatchObject({ level: 'program', frame: 0, stalled: false, layer: 'conv0', channel: 3 });
    const at = (first.y! * 3 + first.x!) * 6 + first.channel!;
    const wanted = golden.get('pool1.out')!;
    expect(first).toMatchObject({ tensor: 'pool1.out', expected: wanted[at] });
    expect(first.got).not.toBe(first.expected);
    expect(report).toMatchObject({ bitExact: false, images: 2, mismatches: 2 });
  });

  test('a wrong requantization constant of the second layer leaves the first one right', async () => {
    // Two channels of m, b, n, r in 34 + 64 + 6 + 34 bits: nine pieces a word; three words of the first layer and
    // three of the copy that the planner made of its output come before.
    const { firstDivergence } = await verify(await withFlippedBit('parameters', 6 * 9 + 1, 0));
    expect(firstDivergence).toMatchObject({ level: 'program', layer: 'conv2', tensor: 'conv2.out', channel: 0 });
    // The code that was expected is the one that this accumulator and its residual give.
    const { accumulator, y, x, expected } = firstDivergence!;
    const layer = network.layers[2]!;
    const { requantize: q } = layer as ConvLayer;
    const residual = golden.get('pool1.out')![(y! * 3 + x!) * 6]!;
    expect(requantize(accumulator!, residual, q!, 0)).toBe(expected);
  });

  test('a program that no machine may run is found with the reason', async () => {
    const { firstDivergence, mismatches } = await verify(await withFlippedBit('program', 0, 3));
    expect(firstDivergence).toMatchObject({ level: 'program', layer: 'conv0', got: null, note: /opcode/ });
    expect(mismatches).toBe(2);
  });

  test('hardware of another identity is found before any frame', async () => {
    const model = await compiledModel(network, machine);
    const { firstDivergence } = await verify({ ...model, identity: model.identity ^ 1n });
    expect(firstDivergence).toMatchObject({ level: 'verilog', layer: null, note: /another machine: identity 0x/ });
  });

  test('a fault of the Verilog is found where it first shows, with its cycle, and its waveform is kept', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'systole-wave-'));
    try {
      const model = await withVerilog('systole_pool.v', 'now > old ? now : old', 'now > old ? old : now');
      const wave = join(folder, 'fault.fst');
      const { firstDivergence: first } = await verify(model, { wave });
      const pooled = golden.get('pool1.out')!;
      const at = pooled.findIndex((code) => code > 0);
      expect(first).toMatchObject({
        ...{ level: 'verilog', frame: 0, note: null, layer: 'conv0', tensor: 'pool1.out' },
        ...{ y: Math.floor(at / 18), x: Math.floor(at / 6) % 3, channel: at % 6, expected: pooled[at], got: 0 },
      });
      expect(first!.cycle).toBeGreaterThan(0);
      expect(first!.accumulator).toBeNull(); // the largest of four
      expect((await verify(model)).firstDivergence).toEqual(first);
      expect((await stat(wave)).size).toBeGreaterThan(1000);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
