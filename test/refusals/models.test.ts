import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { npz, openWorkshop, refused, SMALL, smallImages, smallModel, type Workshop } from '../cli/workshop.js';
import { buildOnnx, floats, node, randomFloats } from '../support/onnx-builder.js';

let shop: Workshop;
beforeAll(() => {
  shop = openWorkshop();
  shop.file('data.npz', npz({ inputs: smallImages() }));
});
afterAll(() => shop.close());

/** compile of this file, which leaves nothing behind. */
async function compileRefused(model: string | Uint8Array, ...options: string[]) {
  const path = shop.file('model.onnx', model);
  const before = shop.entries();
  const refusal = await refused(
    'compile',
    path,
    '-o',
    shop.path('out'),
    '--calibration',
    shop.path('data.npz'),
    ...options,
  );
  expect(shop.entries()).toEqual(before);
  expect(refusal.exit).toBe(1);
  return refusal;
}

describe('compile refuses a model', () => {
  it('that does not exist', async () => {
    const path = shop.path('none.onnx');
    const { code, message } = await refused('compile', path, '-o', shop.path('out'));
    expect(code).toBe('file-not-found');
    expect(message).toBe(`${path} cannot be read: no such file`);
  });

  it('that is not ONNX', async () => {
    for (const text of ['this is no model\n', 'PK\u0003\u0004 a zip', '{"nodes": []}', '']) {
      const { code, where } = await compileRefused(text);
      expect(code).toBe('not-onnx');
      expect(where).toContain('model.onnx');
    }
  });

  it('that is truncated, wherever it is cut', async () => {
    const whole = smallModel();
    for (const part of [0.999, 0.7, 0.3]) {
      const { code, message } = await compileRefused(whole.subarray(0, Math.floor(whole.length * part)));
      expect(code).toBe('onnx-truncated');
      expect(message).toMatch(/ends early|damaged/);
    }
  });

  it('whose graph is empty', async () => {
    const { code, message } = await compileRefused(buildOnnx({ nodes: [], outputs: ['x'] }));
    expect(code).toBe('graph-empty');
    expect(message).toBe('the graph has no nodes');
  });

  it('with an operator that is not supported, naming the node', async () => {
    const nodes = [...SMALL.nodes, node('Einsum', 'y', 'z', { equation: 'ij->ji' }, { name: 'twist' })];
    const { code, message, where, hint } = await compileRefused(smallModel({ nodes }));
    expect(code).toBe('operator-unknown');
    expect(message).toBe('Einsum is not supported');
    expect(where).toContain('twist');
    expect(hint).not.toBeNull();
  });

  it('with several obstacles at once, saying how many', async () => {
    const nodes = [...SMALL.nodes, node('Einsum', 'y', 'z', { equation: 'ij->ji' }), node('Sin', 'z', 's')];
    expect((await compileRefused(smallModel({ nodes }))).message).toContain('and 1 more');
  });

  it('of an open shape, unless --input-shape closes it', async () => {
    const open = smallModel({ shape: ['N', 2, 'height', 6] });
    const { code, hint } = await compileRefused(open);
    expect(code).toBe('shape-dynamic');
    expect(hint).toContain('--input-shape');
    const closed = await compileRefused(open, '--input-shape', '1,2,7,6');
    expect(closed.code).not.toBe('shape-dynamic');
  });

  it('with weights that are not finite', async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const w = floats(
        [4, 2, 3, 3],
        Float32Array.from({ length: 72 }, (_, i) => (i === 5 ? bad : 0.1)),
      );
      const { code, where } = await compileRefused(smallModel({ initializers: { ...SMALL.initializers, w } }));
      expect(code).toBe('weights-not-finite');
      expect(where).toMatch(/\bw\b|conv/);
    }
  });

  it('whose weights lie in another file', async () => {
    const { modelProto, encodeModel } = await import('../support/onnx-builder.js');
    const model = modelProto(SMALL);
    const w = model.graph!.initializer![0]!;
    Object.assign(w, {
      rawData: new Uint8Array(),
      dataLocation: 1,
      externalData: [{ key: 'location', value: 'w.bin' }],
    });
    expect((await compileRefused(encodeModel(model))).code).toBe('onnx-external-data');
  });

  it('that needs more memory than its file holds', async () => {
    const { modelProto, encodeModel } = await import('../support/onnx-builder.js');
    const model = modelProto(SMALL);
    model.graph!.initializer![0]!.dims = [2 ** 20, 2 ** 20];
    expect((await compileRefused(encodeModel(model))).code).toBe('onnx-too-large');
  });

  it('of which --input-shape gives another rank', async () => {
    const refusal = await refused(
      ...['compile', shop.file('m.onnx', smallModel()), '-o', shop.path('out')],
      ...['--calibration', shop.path('data.npz'), '--input-shape', '1,2,6'],
    );
    expect(['option-invalid', 'shape-mismatch']).toContain(refusal.code);
  });

  it('whose layers do not fit together', async () => {
    const initializers = { ...SMALL.initializers, v: randomFloats([65, 3], 2) };
    expect((await compileRefused(smallModel({ initializers }))).code).toBe('shape-mismatch');
  });
});
