/** Models that arrive quantized, on the command line: no calibration, their own precision (../shared/models). */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { PreprocessStep } from '../../src/base/preprocess/steps.js';
import { preprocessGrid } from '../../src/cli/data/preprocess-grid.js';
import { cliJson } from './cli.js';

async function withTemporary(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'systole-quantized-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const MODELS = fileURLToPath(new URL('../../../shared/models/', import.meta.url));
const model = (name: string): string => join(MODELS, `${name}.onnx`);

describe.skipIf(!existsSync(MODELS))(
  'compile of a model that arrives quantized (skipped where ../shared/models is absent)',
  () => {
    it('needs no calibration, and says whose precision it is', async () => {
      await withTemporary(async (folder) => {
        const { code, json } = await cliJson('compile', model('tfc-w1a1-qonnx'), '-o', join(folder, 'out'));
        expect(code).toBe(0);
        expect(json).toMatchObject({ weights: null, activations: null, ends: null, calibrationSamples: 0 });
      });
    });

    it.each([
      ['--weights', '3'],
      ['--activations', '4'],
      ['--ends', 'same'],
      ['--calibration', 'any.npz'],
    ])('refuses %s: the model says that itself', async (option, value) => {
      const { code, json } = await cliJson('compile', model('tfc-w1a1-qonnx'), '-o', 'never', option, value);
      expect({ code, json }).toMatchObject({ code: 2, json: { error: { code: 'option-invalid', where: option } } });
    });

    it('asks for the input of a model that leaves it open, and takes the bytes that preprocess steps start from', async () => {
      await withTemporary(async (folder) => {
        const args = ['compile', model('mnist-cnn-qonnx'), '-o', join(folder, 'out')];
        const without = await cliJson(...args);
        expect(without).toMatchObject({ code: 1, json: { error: { code: 'calibration-needed' } } });
        const steps = join(folder, 'steps.json');
        await writeFile(steps, '[{"step": "std", "values": 255}]');
        const { code, json } = await cliJson(...args, '--preprocess', steps);
        expect({ code, json }).toMatchObject({ code: 0, json: { calibrationSamples: 0 } });
      });
    });

    it('is evaluated beside itself in float32, QONNX operators and all', async () => {
      await withTemporary(async (folder) => {
        const [out, steps] = [join(folder, 'out'), join(folder, 'steps.json')];
        await writeFile(steps, '[{"step": "reshape", "shape": [1, 28, 28]}, {"step": "std", "values": 255}]');
        expect((await cliJson('compile', model('tfc-w1a1-qonnx'), '-o', out, '--preprocess', steps)).code).toBe(0);
        const data = join(MODELS, 'data/mnist-10k.npz');
        const args = ['--data', `${data}:images`, '--labels', `${data}:labels`, '--limit', '1000', '--jobs', '1'];
        const { code, json } = await cliJson('evaluate', out, ...args);
        expect({ code, json }).toMatchObject({ code: 0, json: { correct: 913, floatCorrect: 913, agreement: 1 } });
      });
    });
  },
);

const step = (given: PreprocessStep): PreprocessStep => given;

describe('preprocessGrid', () => {
  it('finds the codes whose values are those of the bytes', () => {
    expect(preprocessGrid([])).toEqual({ bits: 8, scale: 1, zero: 0 });
    expect(preprocessGrid([{ step: 'std', values: 255 }])).toEqual({ bits: 8, scale: Math.fround(1 / 255), zero: 0 });
    const centred = [step({ step: 'mean', values: [127, 127, 127] }), step({ step: 'std', values: 128 })];
    expect(preprocessGrid(centred)).toEqual({ bits: 8, scale: 1 / 128, zero: 127 });
  });

  it('finds none where channels differ, no byte is zero, or the order is turned', () => {
    expect(preprocessGrid([{ step: 'std', values: [1, 2, 1] }])).toBeNull();
    expect(preprocessGrid([{ step: 'mean', values: 123.675 }])).toBeNull();
    expect(preprocessGrid([{ step: 'mean', values: -300 }])).toBeNull();
    expect(preprocessGrid([{ step: 'scale', by: -1 }])).toBeNull();
  });
});
