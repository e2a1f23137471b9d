/** A model of two inputs and three outputs through the commands and the C host program. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readNpy, writeNpy } from '../../src/base/npy.js';
import { openFloatModel } from '../../src/frontend/float-model.js';
import { ccAvailable } from '../runtime/c-project.js';
import { buildOnnx, node, randomFloats } from '../support/onnx-builder.js';
import { cli, cliJson } from './cli.js';
import { openWorkshop, type Workshop } from './workshop.js';

vi.setConfig({ testTimeout: 300_000 });

const MODEL = buildOnnx({
  inputs: [
    { name: 'left', shape: [1, 3, 6, 6] },
    { name: 'right', shape: [1, 4, 4, 4] },
  ],
  nodes: [
    node('Conv', 'left w', 'c'),
    node('Add', 'c right', 'sum'),
    node('Relu', 'sum', 'map'),
    node('Flatten', 'map', 'flat'),
    node('Gemm', 'flat v', 'scores'),
    node('Softmax', 'scores', 'shares', { axis: 1 }),
    node('ArgMax', 'scores', 'best', { axis: 1, keepdims: 0 }),
  ],
  initializers: { w: randomFloats([4, 3, 3, 3], 1), v: randomFloats([64, 5], 2) },
  outputs: ['shares', 'map', 'best'],
});
const SHAPES = { left: [3, 6, 6], right: [4, 4, 4] };
const IMAGES = 4;

let shop: Workshop;
let project = '';
const values = (name: keyof typeof SHAPES): Float32Array => {
  const size = SHAPES[name].reduce((a, b) => a * b, IMAGES);
  return Float32Array.from({ length: size }, (_, i) => ((i * 37 + name.length) % 101) / 50 - 1);
};
const given = (option: string, names: readonly string[] = ['left', 'right']): string[] =>
  names.flatMap((name) => [option, `${name}=${shop.path(`${name}.npy`)}`]);
const read = (name: string) => readNpy(readFileSync(shop.path(name)), name);
const outputs = (prefix: string) =>
  ['shares', 'map', 'best'].flatMap((name) => ['--output', `${name}=${shop.path(`${prefix}-${name}.npy`)}`]);

beforeAll(async () => {
  shop = openWorkshop();
  shop.file('m.onnx', MODEL as never);
  for (const name of ['left', 'right'] as const) {
    shop.file(`${name}.npy`, writeNpy({ shape: [IMAGES, ...SHAPES[name]], data: values(name) }) as never);
  }
  project = shop.path('project');
  const args = ['compile', shop.path('m.onnx'), '-o', project, '--machine', '1x8x8', ...given('--calibration')];
  const { code, err } = await cli(...args);
  if (code !== 0) throw new Error(err);
}, 120_000);
afterAll(() => shop.close());

describe('a model of several inputs and outputs', () => {
  it('runs: each output in its own file, close to the float model', async () => {
    const { code, json } = await cliJson('run', project, ...given('--input'), '--on', 'program', ...outputs('program'));
    expect(code).toBe(0);
    expect(json.outputs.map(({ name, shape }: { name: string; shape: number[] }) => [name, shape])).toEqual([
      ['shares', [4, 5]],
      ['map', [4, 4, 4, 4]],
      ['best', [4]],
    ]);
    const float = await openFloatModel(MODEL);
    const inputs = [values('left').subarray(0, 108), values('right').subarray(0, 64)];
    const expected = await float.run(inputs.map((x) => Float32Array.from(x)));
    await float.close();
    const shares = Array.from(read('program-shares.npy').data.subarray(0, 5) as Float32Array);
    for (const [i, share] of shares.entries()) expect(share).toBeCloseTo(expected.get('shares')![i]!, 1);
  });

  it('is bit-exact in golden model, program simulator and Verilog', async () => {
    const { code, json } = await cliJson('verify', project, ...given('--input'), '--limit', '2', '--stalls');
    expect(json.firstDivergence).toBeNull();
    expect([code, json.bitExact, json.images]).toEqual([0, true, 2]);
    expect((await cliJson('verify', project, '--random', '2')).json.bitExact).toBe(true);
  });

  it.each<[string, (path: (name: string) => string) => string[], RegExp]>([
    ['without names', (path) => ['--input', path('left.npy')], /left=FILE/],
    ['with one file missing', (path) => ['--input', `left=${path('left.npy')}`], /right/],
    ['with one file twice', (path) => [0, 1].flatMap(() => ['--input', `left=${path('left.npy')}`]), /two files/],
  ])('is not run %s', async (_, args, text) => {
    const { code, err } = await cli('run', project, ...args(shop.path), '--on', 'golden');
    expect(code).toBe(2);
    expect(err).toMatch(text);
  });

  it.skipIf(!ccAvailable)('gives the same bytes from the C host program', async () => {
    await cli('run', project, ...given('--input'), '--on', 'golden', ...outputs('golden'));
    const host = join(project, 'host');
    await execa('make', ['-s', 'systole_demo', 'build/systole-sim'], { cwd: host });
    const args = [...given('').filter((text) => text !== ''), ...outputs('c')];
    const { stdout } = await execa('./systole_demo', args, { cwd: host });
    expect(stdout).toContain('4 frames');
    expect((await execa('make', ['-s', 'check'], { cwd: host })).stdout).toContain('0 different');
    for (const name of ['map', 'best']) {
      expect(readFileSync(shop.path(`c-${name}.npy`)).equals(readFileSync(shop.path(`golden-${name}.npy`)))).toBe(true);
    }
  });
});
