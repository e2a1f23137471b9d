import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SystoleError } from '../../src/base/error.js';
import { casesOfShard, caseTitle, suiteCases } from '../../src/cli/regress/cases.js';
import { appendState, readState } from '../../src/cli/regress/state.js';
import { parseSuite } from '../../src/cli/regress/suite.js';

const small = (change: object = {}) => ({
  name: 'small',
  models: { shapes: { file: 'shapes.onnx', calibration: 'c.npz' } },
  runs: [{ models: ['shapes'], machines: ['1x16x16'], precisions: [{ weights: 3 }], images: 2 }],
  ...change,
});
const run = (change: object) => ({ ...small().runs[0]!, ...change });
const parse = (suite: unknown) => parseSuite(typeof suite === 'string' ? suite : JSON.stringify(suite), 's.json');
const refusalOf = (suite: unknown) => {
  try {
    parse(suite);
  } catch (error) {
    if (error instanceof SystoleError) return error;
    throw error;
  }
  throw new Error('not refused');
};

describe('a suite', () => {
  it('fills in 8-bit activations and ends, full rate, and seed 1', () => {
    const suite = parse(small());
    expect(suite.seed).toBe(1);
    expect(suite.runs[0]!.precisions).toEqual([{ weights: 3, activations: 8, ends: 8 }]);
    expect(suite.runs[0]!.stalls).toEqual([false]);
    expect(suite.models.shapes!.optional).toBe(false);
  });

  it('is every model x precision x machine x digits x stalls of its runs', () => {
    const digits = [
      [8, 3],
      [1, 1],
    ];
    const precisions = [{ weights: 8 }, { weights: 1, ends: 'same' }];
    const runs = [run({ machines: ['a', 'b'], digits, precisions, stalls: [false, true] }), run({ images: 16 })];
    const cases = suiteCases(parse(small({ runs })));
    expect(cases).toHaveLength(2 * 2 * 2 * 2 + 1);
    expect(new Set(cases.map(caseTitle)).size).toBe(cases.length);
    expect(caseTitle(cases[0]!)).toBe('shapes w8a8 ends 8 on a (8,3), 2 images, full rate');
    expect(caseTitle(cases[15]!)).toBe('shapes w1a8 ends same on b (1,1), 2 images, stalls');
    expect(cases[16]!.digits).toBeNull();
  });

  it('is cut into shards that together are all cases once', () => {
    const runs = [run({ machines: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] })];
    const cases = suiteCases(parse(small({ runs })));
    for (let of = 1; of <= 9; of++) {
      const parts = Array.from({ length: of }, (_, i) => casesOfShard(cases, { index: i + 1, of }));
      expect(parts.flat().map(caseTitle).sort()).toEqual(cases.map(caseTitle).sort());
    }
  });

  it('of random networks is each seed on each machine, in a precision that the seed chooses', () => {
    const random = { seed: 7, count: 80, machines: ['a', 'b'], digits: [[8, 3]], stalls: [false] };
    const cases = suiteCases(parse({ name: 'random', random }));
    expect(cases).toHaveLength(160);
    expect(cases.map((entry) => entry.random)).toEqual(cases.map((_, i) => 7 + Math.floor(i / 2)));
    expect(cases[0]!.precision).toEqual(cases[1]!.precision);
    const precisions = cases.map(({ precision }) => precision).filter((precision) => precision !== 'own');
    expect(precisions).toHaveLength(cases.length);
    expect([...new Set(precisions.map(({ weights }) => weights))].sort()).toEqual([1, 2, 3, 4, 8]);
    expect(new Set(precisions.map(({ activations }) => activations)).size).toBe(8);
    expect(new Set(precisions.map(({ ends }) => ends)).size).toBe(2);
  });

  it('of a model that arrives quantized needs inputs alone, and no precision', () => {
    const { precisions: _, ...plain } = small().runs[0]!;
    const suite = parse(small({ models: { shapes: { file: 'q.onnx', inputs: 'x.npz' } }, runs: [plain] }));
    expect(suiteCases(suite).map(caseTitle)).toEqual(['shapes as it is on 1x16x16, 2 images, full rate']);
  });

  const refused: Record<string, unknown> = {
    'that is not JSON': '{',
    'that is a list': [],
    'with an unknown field': small({ randoms: {} }),
    'of a model without any inputs': small({ models: { shapes: { file: 'q.onnx' } } }),
    'without runs and random networks': small({ runs: [] }),
    'of random networks without a count': small({ random: { machines: ['1x8x8'] } }),
    'of random networks with more images than they have': small({ random: { count: 1, machines: ['a'], images: 9 } }),
    'of a model it does not have': small({ runs: [run({ models: ['lenet'] })] }),
    'with an impossible width': small({ runs: [run({ precisions: [{ weights: 5 }] })] }),
    'of no image': small({ runs: [run({ images: 0 })] }),
    'whose name is a path': small({ name: '../x' }),
  };
  for (const [name, suite] of Object.entries(refused)) {
    it(`${name} is refused`, () => expect(refusalOf(suite).code).toBe('suite-invalid'));
  }

  it('is refused with the place that is wrong', () => {
    expect(refusalOf(small({ runs: [run({ models: ['lenet'] })] })).where).toBe('s.json: runs.0.models.0');
  });
});

describe('the state of a regression', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'systole-state-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const passed = (cycles: number) => ({
    status: 'passed' as const,
    cycles,
    planCycles: cycles,
    utilization: 1,
    seconds: 0,
  });

  it('is empty where there is none', async () => {
    expect((await readState(join(folder, 'none', 'state.jsonl'))).size).toBe(0);
  });

  it('keeps every result, the last one of a key', async () => {
    const path = join(folder, 'deep', 'state.jsonl');
    await appendState(path, 'a', passed(1));
    await appendState(path, 'b', passed(2));
    await appendState(path, 'a', passed(3));
    expect([...(await readState(path))]).toEqual([
      ['a', passed(3)],
      ['b', passed(2)],
    ]);
  });

  it('survives a line that a kill cut short', async () => {
    const path = join(folder, 'cut.jsonl');
    await appendState(path, 'a', passed(1));
    appendFileSync(path, '{"key":"b","resu');
    await appendState(path, 'c', passed(3));
    expect([...(await readState(path)).keys()]).toEqual(['a', 'c']);
  });
});
