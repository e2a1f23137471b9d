import { mkdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeNpy } from '../../src/base/npy.js';
import { namedMachines } from '../../src/cli/machines.js';
import { cli } from '../cli/cli.js';
import { npz, openWorkshop, refused, SMALL, smallImages, smallModel, type Workshop } from '../cli/workshop.js';

vi.setConfig({ testTimeout: 120_000 });

let shop: Workshop;
let model = '';
beforeAll(() => {
  shop = openWorkshop();
  model = shop.file('model.onnx', smallModel());
  shop.file('data.npz', npz({ inputs: smallImages() }));
});
afterAll(() => shop.close());

const compile = (...options: string[]) => ['compile', model, '-o', shop.path('out'), ...options];
const compiled = (...options: string[]) => compile('--calibration', shop.path('data.npz'), ...options);

describe('compile refuses calibration data', () => {
  it('that are not given, and says how to give them', async () => {
    const { exit, code, expected, hint } = await refused(...compile());
    expect({ exit, code, expected }).toEqual({
      exit: 1,
      code: 'calibration-needed',
      expected: '--calibration FILE.npz[:key]',
    });
    expect(hint).toContain('numpy.savez');
  });

  it('of the wrong shape, with both shapes, the file and the key', async () => {
    const path = shop.file('shape.npz', npz({ x: smallImages(4, [4, 6, 6, 2]) }));
    const { code, where, expected, actual, hint } = await refused(...compile('--calibration', `${path}:x`));
    expect({ code, where, expected, actual }).toEqual({
      code: 'data-shape',
      where: `${path}:x`,
      expected: '[N, 2, 6, 6]',
      actual: '[4, 6, 6, 2]',
    });
    expect(hint).toContain('--preprocess');
  });

  it('of the wrong type', async () => {
    const npy = writeNpy(smallImages());
    npy.set(new TextEncoder().encode("'<U1'"), new TextDecoder('latin1').decode(npy).indexOf("'<f4'"));
    const { code, actual } = await refused(...compile('--calibration', shop.file('strings.npy', npy)));
    expect({ code, actual }).toEqual({ code: 'data-type', actual: '<U1' });
  });

  it('with NaN, naming the sample', async () => {
    const images = smallImages();
    images.data[100] = Number.NaN;
    const path = shop.file('nan.npz', npz({ inputs: images }));
    const { code, where } = await refused(...compile('--calibration', path));
    expect({ code, where }).toEqual({ code: 'data-type', where: `${path}[1], element 28` });
  });

  it('of an archive that does not have the key, listing those it has', async () => {
    const { code, actual } = await refused(...compile('--calibration', `${shop.path('data.npz')}:images`));
    expect({ code, actual }).toEqual({ code: 'data-file', actual: 'inputs' });
  });

  it('that no preprocess step turns into the shape of the input', async () => {
    const steps = shop.file('steps.json', '[{ "step": "transpose", "axes": [1, 2, 0] }]');
    const { code, where } = await refused(...compiled('--preprocess', steps));
    expect({ code, where }).toEqual({ code: 'data-shape', where: steps });
  });
});

describe('compile refuses a preprocess file', () => {
  it('that is not JSON, or names an unknown step', async () => {
    for (const text of ['{', '[{ "step": "blur" }]']) {
      expect((await refused(...compiled('--preprocess', shop.file('bad.json', text)))).code).toBe('preprocess-invalid');
    }
  });
});

describe('compile refuses a machine', () => {
  const machine = namedMachines().get('1x16x16')!;
  const own = (name: string, change: object) =>
    shop.file(`${name}.json`, JSON.stringify({ ...machine, name, ...change }));

  it('that nobody knows, suggesting the one that was meant', async () => {
    const { exit, code, hint } = await refused(...compiled('--machine', '1x16x61'));
    expect({ exit, code, hint }).toEqual({ exit: 2, code: 'machine-unknown', hint: 'did you mean 1x16x16?' });
  });

  it('whose file is missing, no JSON, or breaks a rule', async () => {
    expect((await refused(...compiled('--machine', shop.path('none.json')))).code).toBe('file-not-found');
    expect((await refused(...compiled('--machine', shop.file('text.json', '{')))).code).toBe('machine-invalid');
    const { code, where } = await refused(...compiled('--machine', own('odd', { lanes: 12 })));
    expect(code).toBe('machine-invalid');
    expect(where).toContain('odd.json: lanes');
  });

  it('whose accumulators the network could overflow, naming layer, bits and range', async () => {
    const { exit, code, message, expected, actual } = await refused(
      ...compiled('--machine', own('narrow', { accBits: 16 })),
    );
    expect({ exit, code }).toEqual({ exit: 1, code: 'accumulator-range' });
    expect(message).toMatch(/^layer \S+ needs accumulators of \d+ bits$/);
    expect(expected).toBe('at most 16 bits (accBits of machine narrow)');
    expect(actual).toMatch(/^-\d+ to \d+$/);
  });

  it('whose memories the network does not fit, saying which and by how much', async () => {
    const memories = [
      ['weight', 'weightWords', 2],
      ['activation', 'activationWords', 4],
      ['program', 'programWords', 64],
    ] as const;
    for (const [memory, field, words] of memories) {
      const path = own('small', { memory: { ...machine.memory, [field]: words } });
      const { exit, code, message, where, actual } = await refused(...compiled('--machine', path));
      expect({ exit, code, where }).toEqual({ exit: 1, code: 'memory-too-small', where: `memory.${field}` });
      expect(message).toContain(`${memory} memory`);
      expect(actual).toMatch(new RegExp(`^${words} words, \\d+ too few$`));
    }
  });

  it('when no named machine is large enough, saying why for each', async () => {
    const shape = [1, 2, 1024, 1024];
    const large = shop.file('large.onnx', smallModel({ shape, nodes: SMALL.nodes.slice(0, 1) }));
    const data = shop.file('large.npz', npz({ inputs: smallImages(1, shape) }));
    const { exit, code, where, actual } = await refused(
      'compile',
      large,
      '-o',
      shop.path('out'),
      '--calibration',
      data,
    );
    expect({ exit, code, where }).toEqual({ exit: 1, code: 'memory-too-small', where: 'memory.activationWords' });
    for (const name of namedMachines().keys()) expect(actual).toContain(name);
  });
});

describe('compile refuses an option', () => {
  const wrong: readonly (readonly [string, string, string])[] = [
    ['--weights', '5', '1, 2, 3, 4, 8'],
    ['--activations', '9', '1 to 8'],
    ['--ends', '4', '8'],
    ['--rows', '0', '1 to 16'],
    ['--lanes', '12', '16'],
    ['--activation-digit', '3', '1, 2, 4, 8'],
    ['--clock', '-5', 'above zero'],
    ['--input-shape', '1,x,6,6', 'sizes'],
    ['--seed', '1.5', 'whole number'],
    ['--limit', '0', 'whole number'],
  ];
  for (const [name, value, words] of wrong) {
    it(`${name} ${value}, as wrong usage, and says what it may be`, async () => {
      const { exit, code, message } = await refused(...compiled(name, value));
      expect({ exit, code }).toEqual({ exit: 2, code: 'option-invalid' });
      expect(message).toContain(words);
    });
  }

  it('that does not exist, suggesting the one that was meant', async () => {
    const { exit, code, hint } = await refused(...compiled('--weihgts', '3'));
    expect({ exit, code }).toEqual({ exit: 2, code: 'usage-invalid' });
    expect(hint).toContain('--weights');
  });

  it('that is missing', async () => {
    const { exit, code, message } = await refused('compile', model);
    expect({ exit, code }).toEqual({ exit: 2, code: 'usage-invalid' });
    expect(message).toContain('--output');
    expect((await refused('compile')).code).toBe('usage-invalid');
  });
});

describe('compile refuses an output directory', () => {
  it('that holds anything of somebody else, even with --force', async () => {
    mkdirSync(shop.path('theirs'));
    const note = shop.file('theirs/notes.txt', 'mine');
    for (const force of [[], ['--force']]) {
      const args = ['compile', model, '-o', shop.path('theirs'), '--calibration', shop.path('data.npz'), ...force];
      const { exit, code, message } = await refused(...args);
      expect({ exit, code }).toEqual({ exit: 1, code: 'output-exists' });
      expect(message).toContain('is not a Systole project');
    }
    expect(readFileSync(note, 'utf8')).toBe('mine');
  });

  it('that is a file', async () => {
    const file = shop.file('file', 'text');
    const { code } = await refused('compile', model, '-o', file, '--calibration', shop.path('data.npz'));
    expect(code).toBe('output-exists');
    expect(readFileSync(file, 'utf8')).toBe('text');
  });

  it('of ours without --force, and replaces it with it', async () => {
    const args = ['compile', model, '-o', shop.path('ours'), '--calibration', shop.path('data.npz')];
    expect((await cli(...args, '--weights', '3')).code).toBe(0);
    const { code, hint } = await refused(...args);
    expect(code).toBe('output-exists');
    expect(hint).toContain('--force');
    expect((await cli(...args, '--force')).code).toBe(0);
    expect(JSON.parse(readFileSync(shop.path('ours/manifest.json'), 'utf8')).options.weights).toBe(8);
    expect(shop.entries().filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('of an older version as ours, and replaces it with --force', async () => {
    mkdirSync(shop.path('older'));
    shop.file('older/manifest.json', '{ "format": 0, "systole": "0.0.1", "files": {} }');
    const args = ['compile', model, '-o', shop.path('older'), '--calibration', shop.path('data.npz')];
    expect((await refused(...args)).hint).toContain('--force');
    expect((await cli(...args, '--force')).code).toBe(0);
  });

  it('below a place where nothing may be written, however deep', async () => {
    for (const out of ['/proc/systole', '/proc/systole/deep/below']) {
      const { exit, code } = await refused('compile', model, '-o', out, '--calibration', shop.path('data.npz'));
      expect({ exit, code }).toEqual({ exit: 1, code: 'file-access' });
    }
  });
});
