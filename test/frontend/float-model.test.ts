import { existsSync, readFileSync } from 'node:fs';
import proto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { readNpz } from '../../src/base/npz.js';
import { openFloatModel } from '../../src/frontend/float-model.js';

const MODELS = new URL('../../../shared/models/', import.meta.url);

/** A model of one Cast from `type` to float, so that inputs of any type can be seen. */
function castModel(type: number, shape: readonly (number | string)[]): Uint8Array {
  const dim = shape.map((n) => (typeof n === 'number' ? { dimValue: n } : { dimParam: n }));
  return proto.onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'cast',
      node: [
        { opType: 'Cast', input: ['x'], output: ['y'], attribute: [{ name: 'to', type: 2, i: 1 }] },
        { opType: 'Identity', input: ['x'], output: ['same'] },
      ],
      input: [{ name: 'x', type: { tensorType: { elemType: type, shape: { dim } } } }],
      output: [
        { name: 'y', type: { tensorType: { elemType: 1, shape: { dim } } } },
        { name: 'same', type: { tensorType: { elemType: type, shape: { dim } } } },
      ],
    },
  }).finish();
}

async function run(bytes: Uint8Array, values: readonly number[], shape?: readonly number[]) {
  const model = await openFloatModel(bytes);
  try {
    return await model.run(Float32Array.from(values), shape);
  } finally {
    await model.close();
  }
}

describe('openFloatModel', () => {
  it('names inputs and outputs with their types and shapes', async () => {
    const model = await openFloatModel(castModel(3, ['batch', 2]));
    expect(model.inputs).toEqual([{ name: 'x', type: 'int8', shape: ['batch', 2] }]);
    expect(model.outputs.map(({ name, type }) => [name, type])).toEqual([
      ['y', 'float32'],
      ['same', 'int8'],
    ]);
    await model.close();
  });

  it.each([
    ['float32', 1, [1.5, -2]],
    ['uint8', 2, [0, 255]],
    ['int8', 3, [-128, 127]],
    ['uint16', 4, [0, 65535]],
    ['int16', 5, [-32768, 32767]],
    ['int32', 6, [-5, 7]],
    ['int64', 7, [-5, 7]],
    ['float64', 11, [0.5, -3]],
  ])('runs a model of %s inputs and gives every output as float32', async (_, type, values) => {
    const results = await run(castModel(type, [1, 2]), values);
    expect(Array.from(results.get('y')!)).toEqual(values);
    expect(Array.from(results.get('same')!)).toEqual(values);
  });

  it('fits one open dimension to the number of values, and takes a shape where there are more', async () => {
    expect((await run(castModel(1, ['n', 2]), [1, 2, 3, 4])).get('y')).toHaveLength(4);
    expect((await run(castModel(1, ['n', 2, 'w']), [1, 2, 3, 4])).get('y')).toHaveLength(4);
    expect((await run(castModel(1, ['n', 2, 'w']), [1, 2, 3, 4], [1, 2, 2])).get('y')).toHaveLength(4);
  });

  it.each([
    ['too few values', castModel(1, [1, 2]), [1], undefined, 'data-shape'],
    ['values that no length of the open dimension fits', castModel(1, ['n', 2]), [1, 2, 3], undefined, 'data-shape'],
    ['a shape of another size', castModel(1, ['n', 2]), [1, 2], [1, 3], 'data-shape'],
    ['a shape that the model does not have', castModel(1, [1, 2]), [1, 2], [2, 1], 'tool-failed'],
    ['a value beyond the type', castModel(3, [1]), [128], undefined, 'data-type'],
    ['a fraction for an integer', castModel(7, [1]), [0.5], undefined, 'data-type'],
    ['a type that is not supported', castModel(9, [1]), [1], undefined, 'data-type'],
  ])('refuses %s', async (_, bytes, values, shape, code) => {
    await expect(run(bytes, values, shape)).rejects.toMatchObject({ name: 'SystoleError', code });
  });

  it('refuses bytes that ONNX Runtime does not take', async () => {
    await expect(openFloatModel(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: 'tool-failed' });
  });

  it('gives the same bytes on every run', async () => {
    const bytes = castModel(1, [1, 3]);
    const values = [0.1, 0.2, 0.3];
    expect((await run(bytes, values)).get('y')).toEqual((await run(bytes, values)).get('y'));
  });

  for (const name of ['mnist-8-float', 'resnet8-float', 'resnet8-qdq', 'kws-dscnn-qdq']) {
    it.skipIf(!existsSync(MODELS))(
      `agrees with the reference outputs of ${name}; skipped without ../shared`,
      async () => {
        const reference = readFileSync(new URL(`reference/${name}.npz`, MODELS));
        const inputs = readNpz(reference, 'inputs', name);
        const outputs = readNpz(reference, 'outputs', name);
        const model = await openFloatModel(readFileSync(new URL(`${name}.onnx`, MODELS)));
        const [images = 0, size] = [inputs.shape[0], inputs.data.length / inputs.shape[0]!];
        const classes = outputs.shape[1]!;
        for (let i = 0; i < images; i++) {
          const image = (inputs.data as Float32Array).slice(i * size, (i + 1) * size);
          const [result] = (await model.run(image)).values();
          const expected = (outputs.data as Float32Array).subarray(i * classes, (i + 1) * classes);
          const scale = Math.max(1, ...expected.map(Math.abs));
          result!.forEach((x, c) => {
            // Quantized models may differ by a code where sums are rounded in another order.
            expect(Math.abs(x - expected[c]!) / scale).toBeLessThan(name.endsWith('qdq') ? 0.1 : 1e-4);
          });
        }
        await model.close();
      },
    );
  }
});
