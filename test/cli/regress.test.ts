import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { namedMachines } from '../../src/cli/machines.js';
import { buildOnnx, codes, node, randomFloats } from '../support/onnx-builder.js';
import { constant, joined, quantized } from '../support/qdq.js';
import { cli, cliJson } from './cli.js';
import { npz, openWorkshop, refused, smallImages, smallModel, type Workshop } from './workshop.js';

vi.setConfig({ testTimeout: 900_000 });

let shop: Workshop;
let suite = '';
const run = {
  models: ['small'],
  machines: ['1x8x8'],
  precisions: [{ weights: 3 }, { weights: 1 }],
  stalls: [true],
  images: 2,
};
const suiteFile = (name: string, change: object = {}) =>
  shop.file(
    `${name}.json`,
    JSON.stringify({ name, models: { small: { file: 'm.onnx', calibration: 'data.npz' } }, runs: [run], ...change }),
  );

/** One convolution over what smallImages gives, in QuantizeLinear and DequantizeLinear. */
function quantizedModel(): Uint8Array {
  const weights = Array.from({ length: 4 * 2 * 3 * 3 }, (_, i) => ((i * 29) % 255) - 127);
  const pieces = joined(
    quantized('x', 'xq', { scale: 1 / 255, type: 'uint8' }),
    constant('w', codes('int8', [4, 2, 3, 3], weights), { scale: 0.01 }),
    node('Conv', 'xq w', 'c'),
    quantized('c', 'y', { scale: 0.05, type: 'int8' }),
  );
  return buildOnnx({ ...pieces, shape: [1, 2, 6, 6] });
}

beforeAll(() => {
  shop = openWorkshop();
  shop.file('m.onnx', smallModel());
  shop.file('data.npz', npz({ inputs: smallImages() }));
  suite = suiteFile('small');
});
afterAll(() => shop.close());

const regress = (path: string, ...options: string[]) =>
  cliJson('regress', path, '--state', shop.path('state.jsonl'), ...options);

describe('regress', () => {
  it('verifies every case, and writes JUnit XML', async () => {
    const junit = shop.path('junit.xml');
    const { code, json } = await regress(suite, '--junit', junit);
    expect(code).toBe(0);
    expect(json).toMatchObject({
      suite: 'small',
      cases: 2,
      passed: 2,
      mismatches: 0,
      errors: 0,
      skipped: 0,
      notRun: 0,
      resumed: 0,
    });
    for (const result of json.results) expect(result).toMatchObject({ status: 'passed', cycles: result.planCycles });
    const xml = readFileSync(junit, 'utf8');
    expect(xml).toContain('<testsuite name="small" tests="2" failures="0" errors="0" skipped="0"');
    expect(xml.match(/<testcase classname="small" name="small w[31]a8 /g)).toHaveLength(2);
  });

  it('--resume takes over what is known, and repeats what has changed', async () => {
    const again = await regress(suite, '--resume');
    expect(again.json).toMatchObject({ passed: 2, resumed: 2 });
    const more = suiteFile('more', { runs: [{ ...run, precisions: [{ weights: 3 }, { weights: 2 }] }] });
    expect((await regress(more, '--resume')).json).toMatchObject({ passed: 2, resumed: 1 });
    shop.file('data.npz', npz({ inputs: smallImages(5) }));
    expect((await regress(suite, '--resume')).json).toMatchObject({ passed: 2, resumed: 0 });
  });

  it('--shard does a part', async () => {
    const titles = await Promise.all(
      ['1/2', '2/2'].map(async (part) =>
        (await regress(suite, '--resume', '--shard', part)).json.results.map((entry: { title: string }) => entry.title),
      ),
    );
    expect(titles.map((part) => part.length)).toEqual([1, 1]);
    expect(new Set(titles.flat()).size).toBe(2);
    expect(await refused('regress', suite, '--shard', '3/3')).toMatchObject({ exit: 2, code: 'option-invalid' });
  });

  it('--budget begins nothing when the time is over, and says that it is not done', async () => {
    const { code, json } = await regress(suite, '--budget', '0.000001s');
    expect(code).toBe(0);
    expect(json).toMatchObject({ passed: 0, notRun: 2 });
  });

  it('skips a model that may be absent, and says which file', async () => {
    const small = { file: 'none.onnx', calibration: 'data.npz', optional: true };
    const { code, json } = await regress(suiteFile('absent', { models: { small } }));
    expect(code).toBe(0);
    expect(json).toMatchObject({ passed: 0, skipped: 2 });
    expect(json.results[0].message).toBe(`${shop.path('none.onnx')} is not here`);
  });

  it('goes on after a case that cannot be done, fails in the end, and says how to repeat it', async () => {
    const narrow = { ...namedMachines().get('1x8x8')!, name: 'narrow', accBits: 16 };
    const machine = shop.file('narrow.json', JSON.stringify(narrow));
    const path = suiteFile('failing', {
      runs: [{ ...run, machines: [machine, '1x8x8'], precisions: [{ weights: 8 }] }],
    });
    const { code, json } = await regress(path);
    expect(code).toBe(1);
    expect(json).toMatchObject({ passed: 1, errors: 1 });
    const [failed] = json.results;
    expect(failed.message).toContain('[accumulator-range]');
    expect(failed.replay).toContain(`systole compile ${shop.path('m.onnx')} -o replay --force --weights 8`);
    expect((await cli('regress', path, '--state', shop.path('s'))).out).toContain(failed.replay);
  });

  it('verifies a model that arrives quantized, and refuses it another precision', async () => {
    shop.file('q.onnx', quantizedModel());
    const q = { file: 'q.onnx', inputs: 'data.npz' };
    const only = { models: ['q'], machines: ['1x8x8'], images: 2 };
    const { code, json } = await regress(suiteFile('own', { models: { q }, runs: [only] }));
    expect({ code, json }).toMatchObject({ code: 0, json: { passed: 1, results: [{ precision: 'own' }] } });
    const chosen = await regress(
      suiteFile('chosen', { models: { q }, runs: [{ ...only, precisions: [{ weights: 3 }] }] }),
    );
    expect(chosen.json.results[0].message).toContain('[option-invalid]');
    expect(chosen.json.results[0].replay).toContain('--weights 3');
    const float = { small: { file: 'm.onnx', inputs: 'data.npz' } };
    const without = await regress(
      suiteFile('without', { models: float, runs: [{ ...run, precisions: [{ weights: 3 }] }] }),
    );
    expect(without.json.results[0].message).toContain('[calibration-needed]');
  });

  it('verifies a model of several inputs, each with a file of its own', async () => {
    const shape = [1, 2, 6, 6];
    const nodes = [node('Conv', 'a w', 'c'), node('Add', 'c b', 'y')];
    const weights = { w: randomFloats([2, 2, 1, 1], 3) };
    const inputs = [
      { name: 'a', shape },
      { name: 'b', shape },
    ];
    shop.file('two.onnx', buildOnnx({ nodes, inputs, initializers: weights }));
    const two = { file: 'two.onnx', calibration: { a: 'data.npz', b: 'data.npz' } };
    const runs = [{ ...run, models: ['two'], precisions: [{ weights: 3 }] }];
    const { code, json } = await regress(suiteFile('two', { models: { two }, runs }));
    expect({ code, json }).toMatchObject({ code: 0, json: { passed: 1 } });
    const odd = { ...two, calibration: 'data.npz' };
    const refused = await regress(suiteFile('odd-two', { models: { two: odd }, runs }));
    expect(refused.json.results[0].message).toContain('[usage-invalid]');
  });

  it('verifies random networks; one that does not fit a machine is skipped', async () => {
    const tiny = { ...namedMachines().get('1x8x8')!, name: 'tiny', accBits: 16 };
    const machine = shop.file('tiny.json', JSON.stringify(tiny));
    const path = shop.file('r.json', JSON.stringify({ name: 'r', random: { count: 4, machines: ['1x8x8', machine] } }));
    const { code, json } = await regress(path);
    expect(code).toBe(0);
    expect(json.errors).toBe(0);
    expect(json.passed).toBeGreaterThanOrEqual(4);
    expect(json.passed + json.skipped).toBe(8);
    const odd = shop.file('odd.json', JSON.stringify({ name: 'odd', random: { count: 1, machines: ['no-machine'] } }));
    expect((await regress(odd)).json.results[0].message).toContain('[machine-unknown]');
  });

  it('refuses a suite that is not one', async () => {
    expect(await refused('regress', shop.file('bad.json', '{}'))).toMatchObject({ exit: 1, code: 'suite-invalid' });
    expect(await refused('regress', shop.path('none.json'))).toMatchObject({ exit: 1, code: 'file-not-found' });
  });
});

describe('the suites of the project', () => {
  const path = (name: string) => fileURLToPath(new URL(`../../suites/${name}.json`, import.meta.url));

  it('sample is the default, and passes', async () => {
    const { code, json } = await cliJson('regress', '--resume', '--jobs', '2');
    expect(json).toMatchObject({ suite: 'sample', cases: 8, passed: 8 });
    expect(code).toBe(0);
  });

  const models = fileURLToPath(new URL('../../../shared/models', import.meta.url));
  it.skipIf(!existsSync(models))(
    'machines passes in a sample of its cases (skipped where ../shared/models is absent)',
    async () => {
      const { code, json } = await cliJson('regress', path('machines'), '--shard', '1/40', '--resume', '--jobs', '2');
      expect(json).toMatchObject({ suite: 'machines', cases: 3, passed: 3 });
      expect(code).toBe(0);
    },
  );

  it.skipIf(!existsSync(models))(
    'quantized passes in a sample of its cases (skipped where ../shared/models is absent)',
    async () => {
      const { code, json } = await cliJson('regress', path('quantized'), '--shard', '1/18', '--resume', '--jobs', '2');
      expect(json).toMatchObject({ suite: 'quantized', cases: 2, passed: 2 });
      expect(code).toBe(0);
    },
  );

  it('machines is both models at three precisions on twenty machines', () => {
    const { runs } = JSON.parse(readFileSync(path('machines'), 'utf8'));
    const machines = runs.flatMap(({ machines: names, digits }: { machines: string[]; digits: number[][] }) =>
      names.flatMap((name) => digits.map((pair) => `${name} ${pair}`)),
    );
    expect(new Set(machines).size).toBe(20);
    expect(machines).toHaveLength(20);
  });
});
