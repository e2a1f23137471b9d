import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SystoleError } from '../../src/base/error.js';
import { type NumericData, writeNpy } from '../../src/base/npy.js';
import { codeSamples, realSamples } from '../../src/cli/data/samples.js';
import { readTensorFile, splitKey } from '../../src/cli/data/tensor-file.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'systole-data-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const npy = (shape: readonly number[], data: NumericData) => writeNpy({ shape, data });
const save = (name: string, bytes: Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const refusalOf = async (work: () => unknown) => {
  try {
    await work();
  } catch (error) {
    if (error instanceof SystoleError) return error;
    throw error;
  }
  throw new Error('not refused');
};

describe('a data file', () => {
  const one = npy([1, 2], Float32Array.of(1, 2));
  const two = npy([1], Float32Array.of(3));

  it('is named with the key behind the last colon of an archive', () => {
    expect(splitKey('a/b.npz:x')).toEqual({ path: 'a/b.npz', key: 'x' });
    expect(splitKey('odd:name.npz')).toEqual({ path: 'odd:name.npz', key: undefined });
    expect(splitKey('x.npy')).toEqual({ path: 'x.npy', key: undefined });
  });

  it('is an array of its own or one of an archive', async () => {
    expect((await readTensorFile(save('a.npy', one))).array.shape).toEqual([1, 2]);
    const archive = save('b.npz', zipSync({ 'one.npy': one, 'two.npy': two }));
    expect([...(await readTensorFile(`${archive}:two`)).array.data]).toEqual([3]);
  });

  it('without a key is the array called inputs, else the only one', async () => {
    const many = save('c.npz', zipSync({ 'labels.npy': two, 'inputs.npy': one }));
    expect((await readTensorFile(many)).array.shape).toEqual([1, 2]);
    const single = save('d.npz', zipSync({ 'x.npy': two }));
    expect((await readTensorFile(single)).array.shape).toEqual([1]);
  });

  it('with several arrays and no key is refused with their names', async () => {
    const path = save('e.npz', zipSync({ 'x.npy': one, 'y.npy': two }));
    const { code, actual, hint } = await refusalOf(() => readTensorFile(path));
    expect({ code, actual, hint }).toEqual({ code: 'data-file', actual: 'x, y', hint: 'name one: FILE.npz:x' });
    expect((await refusalOf(() => readTensorFile(`${path}:z`))).code).toBe('data-file');
  });

  it('that is missing, a directory, or no array is refused', async () => {
    expect((await refusalOf(() => readTensorFile(join(folder, 'none.npy')))).code).toBe('file-not-found');
    expect((await refusalOf(() => readTensorFile(folder))).code).toBe('file-not-found');
    expect((await refusalOf(() => readTensorFile(save('f.npy', Uint8Array.of(1, 2, 3))))).code).toBe('data-file');
  });

  it('of strings or complex numbers is refused by its type', async () => {
    const bytes = one.slice();
    bytes.set(new TextEncoder().encode("'<c8'"), new TextDecoder('latin1').decode(bytes).indexOf("'<f4'"));
    const { code, actual } = await refusalOf(() => readTensorFile(save('g.npy', bytes)));
    expect({ code, actual }).toEqual({ code: 'data-type', actual: '<c8' });
  });
});

describe('samples of a model', () => {
  const from = (shape: readonly number[], data: NumericData) => ({ where: 'x.npz:inputs', array: { shape, data } });
  const form = { shape: [1, 2, 1], preprocess: null };

  it('are split along the batch, the first N with a limit', () => {
    const source = from([3, 2, 1], Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(realSamples(source, form).map((sample) => [...sample])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(realSamples(source, { ...form, limit: 2 })).toHaveLength(2);
    expect(realSamples(source, { ...form, limit: 9 })).toHaveLength(3);
  });

  it('may be of any number type whose values float32 holds', () => {
    const types = [Float64Array, Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array];
    for (const type of types) expect([...realSamples(from([1, 2, 1], type.of(3, 4)), form)[0]!]).toEqual([3, 4]);
    expect([...realSamples(from([1, 2, 1], BigInt64Array.of(-5n, 6n)), form)[0]!]).toEqual([-5, 6]);
  });

  it('are refused with NaN, infinity, and whole numbers that float32 rounds', async () => {
    const bad = [Float32Array.of(1, Number.NaN), Float64Array.of(1e300, 1), Int32Array.of(2 ** 24 + 1, 0)];
    for (const data of bad) {
      expect((await refusalOf(() => realSamples(from([1, 2, 1], data), form))).code).toBe('data-type');
    }
    const { where } = await refusalOf(() => realSamples(from([2, 2, 1], Float32Array.of(1, 2, 3, Number.NaN)), form));
    expect(where).toBe('x.npz:inputs[1], element 1');
  });

  it('of another shape are refused with both shapes', async () => {
    const { code, where, expected, actual } = await refusalOf(() =>
      realSamples(from([4, 3], new Uint8Array(12)), form),
    );
    expect({ code, where, expected, actual }).toEqual({
      code: 'data-shape',
      where: 'x.npz:inputs',
      expected: '[N, 2, 1]',
      actual: '[4, 3]',
    });
  });

  it('without a batch dimension are refused with the way to add it', async () => {
    const { hint } = await refusalOf(() => realSamples(from([2, 1], new Uint8Array(2)), form));
    expect(hint).toContain('array[None]');
  });

  it('of no images at all are refused', async () => {
    expect((await refusalOf(() => realSamples(from([0, 2, 1], new Uint8Array(0)), form))).code).toBe('data-shape');
  });

  it('are preprocessed before their shape is compared', async () => {
    const steps = [
      { step: 'reshape' as const, shape: [2, 1] },
      { step: 'scale' as const, by: 2 },
    ];
    const preprocess = { steps, where: 'p.json' };
    expect([...realSamples(from([1, 2], Uint8Array.of(3, 4)), { ...form, preprocess })[0]!]).toEqual([6, 8]);
    const wrong = await refusalOf(() =>
      realSamples(from([1, 2], new Uint8Array(2)), { ...form, shape: [1, 1, 2], preprocess }),
    );
    expect([wrong.code, wrong.where]).toEqual(['data-shape', 'p.json']);
  });

  it('may be codes, within the bits of the input', async () => {
    expect([...codeSamples(from([1, 2, 1], Float32Array.of(0, 7)), form, 7)[0]!]).toEqual([0, 7]);
    for (const code of [8, -1, 0.5]) {
      const source = from([1, 2, 1], Float32Array.of(0, code));
      expect((await refusalOf(() => codeSamples(source, form, 7))).code).toBe('data-type');
    }
  });
});
