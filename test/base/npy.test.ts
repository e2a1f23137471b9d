import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { SystoleError } from '../../src/base/error.js';
import { readNpy, toFloat32, writeNpy } from '../../src/base/npy.js';
import { npzKeys, readNpz } from '../../src/base/npz.js';

const codeOf = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    return error instanceof SystoleError ? error.code : 'not a SystoleError';
  }
  return 'no error';
};

describe('.npy and .npz', () => {
  const arrays = [
    new Float32Array([1.5, -2, 3, 4, 5, 6]),
    new Float64Array([1.5, -2, 3, 4, 5, 6]),
    new Uint8Array([1, 2, 3, 4, 5, 255]),
    new Int8Array([1, -2, 3, 4, 5, -128]),
    new Int32Array([1, -2, 3, 4, 5, -70000]),
    new Uint16Array([1, 2, 3, 4, 5, 65535]),
  ];

  it('reads back what it writes, of every type and shape', () => {
    for (const data of arrays) {
      for (const shape of [[6], [2, 3], [1, 6, 1]]) {
        const back = readNpy(writeNpy({ shape, data }), 'x.npy');
        expect(back.shape).toEqual(shape);
        expect(Array.from(back.data as ArrayLike<number>)).toEqual(Array.from(data));
        expect(back.data.constructor).toBe(data.constructor);
      }
    }
  });

  it('reads a file at any byte offset of a larger buffer', () => {
    const file = writeNpy({ shape: [3], data: new Float32Array([1, 2, 3]) });
    const padded = new Uint8Array(file.length + 3);
    padded.set(file, 3);
    expect(Array.from(toFloat32(readNpy(padded.subarray(3), 'x.npy').data))).toEqual([1, 2, 3]);
  });

  it('refuses what is no array, ends early or is in Fortran order', () => {
    const good = writeNpy({ shape: [3], data: new Float32Array([1, 2, 3]) });
    expect(codeOf(() => readNpy(new Uint8Array([1, 2, 3]), 'x'))).toBe('data-file');
    expect(codeOf(() => readNpy(good.subarray(0, good.length - 1), 'x'))).toBe('data-file');
    const fortran = new TextDecoder('latin1').decode(good).replace('False', 'True ');
    expect(
      codeOf(() =>
        readNpy(
          Uint8Array.from(fortran, (c) => c.charCodeAt(0)),
          'x',
        ),
      ),
    ).toBe('data-file');
  });

  it('picks a named array, the one called inputs, or the only one', () => {
    const one = writeNpy({ shape: [1], data: new Float32Array([7]) });
    const two = writeNpy({ shape: [1], data: new Float32Array([9]) });
    const only = zipSync({ 'a.npy': one });
    const both = zipSync({ 'a.npy': one, 'inputs.npy': two });
    const neither = zipSync({ 'a.npy': one, 'b.npy': two });
    expect(npzKeys(both, 'x')).toEqual(['a', 'inputs']);
    expect(toFloat32(readNpz(only, undefined, 'x').data)[0]).toBe(7);
    expect(toFloat32(readNpz(both, undefined, 'x').data)[0]).toBe(9);
    expect(toFloat32(readNpz(neither, 'b', 'x').data)[0]).toBe(9);
    expect(codeOf(() => readNpz(neither, undefined, 'x'))).toBe('data-file');
    expect(codeOf(() => readNpz(only, 'c', 'x'))).toBe('data-file');
    expect(codeOf(() => readNpz(new Uint8Array(30), undefined, 'x'))).toBe('data-file');
  });
});
