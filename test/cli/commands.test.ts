import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readNpy, writeNpy } from '../../src/base/npy.js';
import { runGolden } from '../../src/quant/golden.js';
import { inputCodes, modelOutput } from '../../src/quant/numerics.js';
import { type CompiledModel, readModel } from '../../src/runtime/model.js';
import { node } from '../support/onnx-builder.js';
import { cli, cliJson } from './cli.js';
import { npz, openWorkshop, SMALL, smallImages, smallModel, type Workshop } from './workshop.js';

vi.setConfig({ testTimeout: 300_000 });

let shop: Workshop;
let project = '';
let data = '';
let model: CompiledModel;
const compileArgs = (out: string, ...options: string[]) => [
  'compile',
  shop.path('m.onnx'),
  '-o',
  shop.path(out),
  '--calibration',
  data,
  '--machine',
  '1x8x8',
  ...options,
];

beforeAll(async () => {
  shop = openWorkshop();
  shop.file('m.onnx', smallModel());
  const labels = { shape: [4], data: Uint8Array.of(0, 1, 2, 0) };
  data = shop.file('data.npz', npz({ inputs: smallImages(), labels }));
  project = shop.path('project');
  const { code, err } = await cli(...compileArgs('project', '--weights', '3', '--clock', '50'));
  if (code !== 0) throw new Error(err);
  model = await readModel(project);
}, 120_000);
afterAll(() => shop.close());

const images = () => {
  const { data: values } = smallImages();
  return [0, 1, 2, 3].map((i) => Float32Array.from(values.subarray(72 * i, 72 * (i + 1)) as Float32Array));
};
const goldenRaw = (image: Float32Array) =>
  runGolden(model.network, inputCodes(model.network, image)).get(model.network.outputs[0]!.tensor)!;
const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();

describe('compile', () => {
  it('says with --json what it planned, cycles before any simulation', async () => {
    const { code, json } = await cliJson(...compileArgs('planned', '--weights', '3'));
    expect(code).toBe(0);
    const manifest = JSON.parse(readFileSync(shop.path('planned/manifest.json'), 'utf8'));
    expect(json.planCycles).toBe(manifest.planCycles);
    expect(json.planInterval).toBe(manifest.planInterval);
    expect(json.usefulDigitMacs).toBe(manifest.usefulDigitMacs);
    expect(json.machine).toMatchObject({ name: '1x8x8', rows: 1, cols: 8, lanes: 8 });
    expect(json.layers.map((layer: { exactness: string }) => layer.exactness)).toEqual(['exact', 'exact']);
    expect(json.layers[0].checked.wholeChannels).toBe(4);
    expect(
      json.memories
        .filter(({ memory }: { memory: string }) => memory !== 'tables')
        .every(({ used, of }: { used: number; of: number }) => used > 0 && used <= of),
    ).toBe(true);
  });

  it('makes the same bytes from the same input', async () => {
    for (const out of ['first', 'second']) expect((await cli(...compileArgs(out))).code).toBe(0);
    const paths = filesBelow(shop.path('first'));
    expect(filesBelow(shop.path('second'))).toEqual(paths);
    for (const path of paths) {
      expect(readFileSync(shop.path(`second/${path}`)).equals(readFileSync(shop.path(`first/${path}`)))).toBe(true);
    }
  });

  it('--seed chooses the frames of the test bench, and nothing of the network', async () => {
    for (const seed of ['1', '2']) expect((await cli(...compileArgs(`seed${seed}`, '--seed', seed))).code).toBe(0);
    const both = (path: string) => ['seed1', 'seed2'].map((out) => readFileSync(shop.path(`${out}/${path}`), 'utf8'));
    const [frames1, frames2] = both('tb/frames.hex');
    expect(frames1).not.toBe(frames2);
    const [weights1, weights2] = both('program/weights.hex');
    expect(weights1).toBe(weights2);
  });

  it('writes what it was made from by base name and hash, its options, and no path of this computer', () => {
    const manifest = JSON.parse(readFileSync(join(project, 'manifest.json'), 'utf8'));
    expect(manifest.inputs.map(({ role, name }: { role: string; name: string }) => [role, name])).toEqual([
      ['model', 'm.onnx'],
      ['calibration', 'data.npz'],
    ]);
    expect(manifest.options).toMatchObject({ weights: 3, activations: 8, ends: 8, clock: 50, seed: 1 });
    for (const path of filesBelow(project)) {
      expect(readFileSync(join(project, path)).includes(shop.folder)).toBe(false);
    }
  });

  it('chooses the smallest named machine that fits, and overrides what is asked for', async () => {
    const args = ['compile', shop.path('m.onnx'), '--calibration', data];
    const smallest = await cliJson(...args, '-o', shop.path('smallest'));
    expect(smallest.json.machine.name).toBe('1x8x8');
    const options = ['--machine', '1x16x16', '--rows', '2', '--weight-digit', '1'];
    const { json } = await cliJson(...args, '-o', shop.path('overridden'), ...options);
    expect(json.machine).toMatchObject({ rows: 2, cols: 16, lanes: 16, activationDigit: 8, weightDigit: 1 });
  });

  it('takes an open shape from --input-shape', async () => {
    shop.file('open.onnx', smallModel({ shape: ['batch', 2, 'height', 'width'] }));
    const args = ['compile', shop.path('open.onnx'), '-o', shop.path('open'), '--calibration', data];
    expect((await cli(...args, '--input-shape', '1,2,6,6')).code).toBe(0);
  });

  it('applies preprocess steps, and run and evaluate apply them again', async () => {
    // The same images as bytes of 0 to 100, rows before channels.
    const { data: values } = smallImages();
    const raw = Uint8Array.from({ length: values.length }, (_, i) => {
      const [n, p, c] = [Math.floor(i / 72), Math.floor((i % 72) / 2), i % 2];
      return Math.round(100 * Number(values[72 * n + 36 * c + p]!));
    });
    const steps = [
      { step: 'transpose', axes: [2, 0, 1] },
      { step: 'std', values: 100 },
    ];
    const bytes = shop.file('raw.npz', npz({ pixels: { shape: [4, 6, 6, 2], data: raw } }));
    const options = ['--preprocess', shop.file('steps.json', JSON.stringify(steps)), '--weights', '3'];
    const args = ['compile', shop.path('m.onnx'), '-o', shop.path('steps'), '--machine', '1x8x8', ...options];
    expect((await cli(...args, '--calibration', bytes)).code).toBe(0);
    expect(JSON.parse(readFileSync(shop.path('steps/preprocess.json'), 'utf8'))).toEqual(steps);
    expect(readFileSync(shop.path('steps/network.bin')).equals(readFileSync(join(project, 'network.bin')))).toBe(true);
    const plain = await cliJson('run', project, '--input', data, '--on', 'golden');
    const stepped = await cliJson('run', shop.path('steps'), '--input', bytes, '--on', 'golden');
    expect(stepped.json.predictions).toEqual(plain.json.predictions);
  });
});

describe('run', () => {
  it.each(['golden', 'program', 'verilator'])("on %s gives the golden model's outputs", async (on) => {
    const output = shop.path(`${on}.npy`);
    const { code, json } = await cliJson('run', project, '--input', data, '--output', output, '--on', on);
    expect(code).toBe(0);
    const { shape, data: values } = readNpy(readFileSync(output), output);
    expect(shape).toEqual([4, 3]);
    expect([...values]).toEqual(images().flatMap((image) => [...modelOutput(model.network, goldenRaw(image))]));
    expect(json).toMatchObject({ on, images: 4, output, shape: [4, 3], clock: 50 });
    const cycles = on === 'golden' ? null : model.project.manifest.planCycles;
    expect(json.cycles).toBe(cycles);
    expect(json.latencyMs).toBe(cycles === null ? null : cycles / 50_000);
    expect(json.predictions[0].top).toHaveLength(3);
  });

  it('takes and gives integer codes with --codes', async () => {
    const codes = images().map((image) => inputCodes(model.network, image));
    // The codes are NHWC, the file has the model's own layout.
    const planes = codes.flatMap((frame) =>
      Array.from({ length: 72 }, (_, i) => frame[(i % 36) * 2 + Math.floor(i / 36)]!),
    );
    const input = shop.file('codes.npy', writeNpy({ shape: [4, 2, 6, 6], data: Uint8Array.from(planes) }));
    const output = shop.path('accumulators.npy');
    const args = ['run', project, '--codes', '--input', input, '--output', output, '--on', 'program'];
    expect((await cli(...args, '--limit', '2')).code).toBe(0);
    const { shape, data: values } = readNpy(readFileSync(output), output);
    expect(shape).toEqual([2, 3]);
    expect(values).toBeInstanceOf(Int32Array);
    expect([...values]).toEqual(
      images()
        .slice(0, 2)
        .flatMap((image) => [...goldenRaw(image)]),
    );
  });

  it('shows classes and latency to people', async () => {
    const { out } = await cli('run', project, '--input', data, '--on', 'program', '--clock', '100');
    expect(out).toMatch(/cycles {2}\d+, \d+\.\d us at 100 MHz, one image/);
    expect(out.match(/^image \d: class \d \(/gm)).toHaveLength(4);
  });
});

describe('verify', () => {
  it('prints the promised object', async () => {
    const { code, json } = await cliJson('verify', project, '--input', data, '--stalls');
    expect(code).toBe(0);
    expect(json).toMatchObject({ bitExact: true, images: 4, mismatches: 0, firstDivergence: null, replay: null });
    expect(json.cycles).toBe(json.planCycles);
    expect(json.interval).toBe(json.planInterval);
    expect(json.interval).toBeGreaterThan(0);
    expect(json.machine).toEqual({ rows: 1, cols: 8, lanes: 8, activationDigit: 8, weightDigit: 3 });
    expect(json.utilization).toBeCloseTo(json.usefulDigitMacs / (json.cycles * 64), 12);
    expect(json.layers.map(({ name }: { name: string }) => name)).toEqual(['conv', 'dense']);
    for (const layer of json.layers) expect(Object.keys(layer)).toEqual(['name', 'cycles', 'utilization', 'exactness']);
  });

  it('makes random images from the seed', async () => {
    const { code, json } = await cliJson('verify', project, '--random', '3', '--seed', '9');
    expect({ code, images: json.images }).toEqual({ code: 0, images: 3 });
  });

  it('writes a waveform', async () => {
    const wave = shop.path('wave.fst');
    expect((await cli('verify', project, '--random', '1', '--trace', wave)).code).toBe(0);
    expect(statSync(wave).size).toBeGreaterThan(1000);
  });

  it('makes the folder of a waveform, and refuses a waveform in place of a folder before any work', async () => {
    const wave = shop.path('waves/deep/wave.fst');
    expect((await cli('verify', project, '--random', '1', '--trace', wave)).code).toBe(0);
    expect(statSync(wave).size).toBeGreaterThan(1000);
    const { code, json } = await cliJson('verify', project, '--random', '1', '--trace', shop.path('waves'));
    expect({ code, error: json.error.code }).toEqual({ code: 1, error: 'file-access' });
    expect(statSync(wave).size).toBeGreaterThan(1000);
  });

  it('finds a program that computes something else, names the first divergence, and how to replay it', async () => {
    const wrong = shop.path('wrong');
    expect((await cli(...compileArgs('wrong', '--weights', '3'))).code).toBe(0);
    spoil(wrong, 'program/weights.bin');
    const args = ['verify', wrong, '--input', data, '--limit', '2', '--jobs', '1'];
    const { code, json } = await cliJson(...args);
    expect(code).toBe(3);
    expect(json).toMatchObject({ bitExact: false, mismatches: 2, images: 2 });
    expect(json.firstDivergence).toMatchObject({ level: 'program', frame: 0, layer: 'conv', stalled: false });
    expect(json.firstDivergence.expected).not.toBe(json.firstDivergence.got);
    const people = await cli(...args);
    expect(people.code).toBe(3);
    expect(people.out).toContain('MISMATCH in 2 of 2 images');
    expect(people.out).toContain(`\n  ${json.replay}`);
    const [name, ...words] = json.replay.split(' ');
    expect(name).toBe('systole');
    const replayed = await cliJson(
      ...words.map((word: string) => (word === 'divergence.fst' ? shop.path(word) : word)),
    );
    expect(replayed.code).toBe(3);
    expect(replayed.json.firstDivergence).toEqual(json.firstDivergence);
  });
});

/** Flips bits of a file and writes its new hash into the manifest, as a defect of the compiler would. */
function spoil(folder: string, path: string): void {
  const bytes = readFileSync(join(folder, path)).map((byte) => byte ^ 0x55);
  writeFileSync(join(folder, path), bytes);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  manifest.files[path] = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
}

describe('evaluate', () => {
  it('counts right answers of the integer network and of the float model it came from', async () => {
    const { code, json } = await cliJson(
      'evaluate',
      project,
      '--data',
      data,
      '--labels',
      `${data}:labels`,
      '--jobs',
      '1',
    );
    expect(code).toBe(0);
    const classes = images().map((image) => {
      const scores = modelOutput(model.network, goldenRaw(image));
      return scores.indexOf(Math.max(...scores));
    });
    const correct = [0, 1, 2, 0].filter((label, i) => classes[i] === label).length;
    expect(json).toMatchObject({ images: 4, correct, top1: correct / 4 });
    for (const share of [json.floatTop1, json.agreement]) expect(share).toBeGreaterThanOrEqual(0);
    expect(json.imagesPerSecond).toBeGreaterThan(0);
  });

  it('agrees with itself where the float model decides', async () => {
    const args = ['compile', shop.path('m.onnx'), '-o', shop.path('eight'), '--calibration', data];
    expect((await cli(...args)).code).toBe(0);
    const { json } = await cliJson(
      'evaluate',
      shop.path('eight'),
      '--data',
      data,
      '--labels',
      `${data}:labels`,
      '--jobs',
      '1',
    );
    expect(json.agreement).toBe(1);
    expect(json.top1).toBe(json.floatTop1);
  });

  it('refuses labels for other images and labels that are no class of the model', async () => {
    const evaluate = (labels: number[], ...more: string[]) => {
      const name = shop.file(
        `l${labels.join('')}.npy`,
        writeNpy({ shape: [labels.length], data: Uint8Array.from(labels) }),
      );
      return cliJson('evaluate', project, '--data', data, '--labels', name, '--jobs', '1', ...more);
    };
    expect(await evaluate([0, 1, 2])).toMatchObject({ code: 1, json: { error: { code: 'data-shape' } } });
    expect(await evaluate([0, 1, 2, 0, 1])).toMatchObject({ code: 1, json: { error: { code: 'data-shape' } } });
    expect(await evaluate([0, 1, 2, 0, 1], '--limit', '3')).toMatchObject({ code: 0, json: { images: 3 } });
    const beyond = model.network.modelOutputs[0]!.shape.reduce((a, b) => a * b, 1);
    expect(await evaluate([0, 1, beyond, 0])).toMatchObject({ code: 1, json: { error: { code: 'data-type' } } });
  });

  it('refuses a model that gives no classes', async () => {
    shop.file('map.onnx', smallModel({ nodes: SMALL.nodes.slice(0, 2) }));
    const args = ['compile', shop.path('map.onnx'), '-o', shop.path('map'), '--calibration', data];
    expect((await cli(...args)).code).toBe(0);
    const { code, json } = await cliJson('evaluate', shop.path('map'), '--data', data, '--labels', `${data}:labels`);
    expect({ code, error: json.error.code }).toEqual({ code: 1, error: 'data-shape' });
  });
});

describe('inspect', () => {
  it("counts operators, layers and the host's part, and writes nothing", async () => {
    const before = shop.entries();
    const softmax = node('Softmax', 'y', 'p', { axis: 1 }, { name: 'softmax' });
    const path = shop.file('m.onnx', smallModel({ nodes: [...SMALL.nodes, softmax] }));
    const { code, json } = await cliJson('inspect', path);
    expect(code).toBe(0);
    expect(json).toMatchObject({ supported: true, obstacles: [], macs: 4 * 16 * 18 + 64 * 3 });
    expect(json.host.map(({ kind, operations }: { kind: string; operations: number }) => [kind, operations])).toEqual([
      ['quantize', 216],
      ['scale', 6],
      ['softmax', 15],
    ]);
    expect((await cli('inspect', path)).out).toContain('no obstacles');
    shop.file('m.onnx', smallModel());
    expect(shop.entries()).toEqual(before);
  });

  it('lists every obstacle with its node and its rewrite', async () => {
    const nodes = [...SMALL.nodes, node('Einsum', 'y', 'z', { equation: 'ij->ji' }, { name: 'twist' })];
    const path = shop.file('twist.onnx', smallModel({ nodes }));
    const { code, json } = await cliJson('inspect', path);
    expect(code).toBe(0);
    expect(json.supported).toBe(false);
    expect(json.obstacles).toHaveLength(1);
    expect(json.obstacles[0].where).toContain('twist');
    const { out } = await cli('inspect', path);
    expect(out).toContain('obstacle: Einsum is not supported [operator-unknown]');
    expect(out).toContain('rewrite');
    expect(out).toContain('1 obstacle: compile refuses this model until they are gone');
  });
});

describe('machines', () => {
  it('lists the named ones from small to large, and prints one as a file to copy', async () => {
    const { json } = await cliJson('machines');
    const sizes = json.machines.map(({ rows, cols, lanes, activationDigit, weightDigit }: Record<string, number>) =>
      [rows!, cols!, lanes!, activationDigit!, weightDigit!].reduce((a, b) => a * b),
    );
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    const one = await cliJson('machines', '1x16x16');
    const copy = shop.file('copy.json', JSON.stringify({ ...one.json, name: 'copy' }));
    expect((await cliJson('machines', copy)).json.name).toBe('copy');
  });
});
