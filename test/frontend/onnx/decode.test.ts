import { describe, expect, it } from 'vitest';
import { SystoleError } from '../../../src/base/error.js';
import { randomSource } from '../../../src/base/random.js';
import { decodeModel } from '../../../src/frontend/onnx/decode.js';
import {
  buildOnnx,
  encodeModel,
  float,
  floats,
  ints,
  type ModelRecipe,
  modelProto,
  node,
  rawTensor,
  TYPES,
} from '../../support/onnx-builder.js';

const CONV: ModelRecipe = {
  nodes: [node('Conv', 'x w b', 'c', { pads: [1, 1, 1, 1], auto_pad: 'NOTSET', alpha: 0.5 }), node('Relu', 'c', 'y')],
  initializers: { w: floats([2, 3, 1, 1], [1, 2, 3, 4, 5, 6]), b: floats([2], [0.5, -1]) },
};

const refusal = (bytes: Uint8Array): SystoleError | null => {
  try {
    decodeModel(bytes);
    return null;
  } catch (error) {
    if (error instanceof SystoleError) return error;
    throw error;
  }
};
const codeOf = (bytes: Uint8Array): string => refusal(bytes)?.code ?? 'none';
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('decoding', () => {
  it('gives nodes, attributes, constants and shapes as plain values', () => {
    const model = decodeModel(
      buildOnnx({ ...CONV, inputs: [{ name: 'x', shape: ['N', 3, '', 8] }], opset: 11, domains: { 'com.example': 2 } }),
    );
    expect(model.opsets).toEqual(
      new Map([
        ['', 11],
        ['com.example', 2],
      ]),
    );
    expect(model.inputs).toEqual([{ name: 'x', elementType: 1, shape: ['N', 3, '', 8] }]);
    expect(model.outputs.map((output) => output.name)).toEqual(['y']);
    expect(model.nodes.map(({ name, operator, inputs }) => ({ name, operator, inputs }))).toEqual([
      { name: 'c', operator: 'Conv', inputs: ['x', 'w', 'b'] },
      { name: 'y', operator: 'Relu', inputs: ['c'] },
    ]);
    expect(Object.fromEntries(model.nodes[0]!.attributes)).toEqual({
      pads: { type: 'ints', value: [1, 1, 1, 1] },
      auto_pad: { type: 'string', value: 'NOTSET' },
      alpha: { type: 'float', value: 0.5 },
    });
    expect(model.initializers.get('w')).toEqual({
      type: 'float',
      shape: [2, 3, 1, 1],
      data: Float32Array.of(1, 2, 3, 4, 5, 6),
    });
  });

  it('takes an initializer that is also listed as an input for a constant', () => {
    const inputs = [
      { name: 'x', shape: [1, 3, 8, 8] },
      { name: 'w', shape: [2, 3, 1, 1] },
    ];
    expect(decodeModel(buildOnnx({ ...CONV, inputs })).inputs.map((input) => input.name)).toEqual(['x']);
  });

  it('makes node names unique, and names the nameless after their first output', () => {
    const nodes = [node('Relu', 'x', 'a'), node('Relu', 'a', 'b', {}, { name: 'a' }), node('Relu', 'b', 'c')];
    const names = decodeModel(buildOnnx({ nodes })).nodes.map((n) => n.name);
    expect(names).toEqual(['a', 'a#1', 'c']);
  });

  it('reads every element type it says it reads, in raw data and in typed fields', () => {
    const cases: readonly [Parameters<typeof rawTensor>[0], readonly number[]][] = [
      [{ dataType: TYPES.float, floatData: [1.5, -2] }, [1.5, -2]],
      [{ dataType: TYPES.double, doubleData: [1.5, -2] }, [1.5, -2]],
      [{ dataType: TYPES.half, int32Data: [0x3e00, 0xc000] }, [1.5, -2]],
      [{ dataType: TYPES.half, rawData: Uint8Array.of(0x00, 0x3e, 0x01, 0x00) }, [1.5, 2 ** -24]],
      [{ dataType: 16, rawData: Uint8Array.of(0xc0, 0x3f, 0x00, 0xc0) }, [1.5, -2]],
      [{ dataType: TYPES.int8, rawData: Uint8Array.of(0xff, 0x80) }, [-1, -128]],
      [{ dataType: TYPES.uint8, rawData: Uint8Array.of(0xff, 0x80) }, [255, 128]],
      [{ dataType: TYPES.int8, int32Data: [-1, -128] }, [-1, -128]],
      [{ dataType: TYPES.bool, rawData: Uint8Array.of(7, 0) }, [1, 0]],
      [{ dataType: TYPES.int32, rawData: Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0) }, [-2, 1]],
      [{ dataType: TYPES.int64, int64Data: [-(2 ** 40), 3] }, [-(2 ** 40), 3]],
      [{ dataType: 12, uint64Data: [2 ** 32 - 1, 3] }, [2 ** 32 - 1, 3]],
    ];
    for (const [tensor, values] of cases) {
      const t = rawTensor({ dims: [2], ...tensor });
      const found = decodeModel(buildOnnx({ ...CONV, initializers: { t } })).initializers.get('t')!;
      expect(found.type === 'other' ? found.what : [...found.data]).toEqual(values);
    }
  });

  it('keeps a constant of another type as one that nothing can use', () => {
    const t = rawTensor({ dims: [2], dataType: TYPES.string, stringData: [ascii('a'), ascii('b')] });
    const { initializers } = decodeModel(buildOnnx({ ...CONV, initializers: { t } }));
    expect(initializers.get('t')).toEqual({ type: 'other', shape: [2], what: 'string' });
    const float8 = rawTensor({ dims: [2], dataType: 17, rawData: Uint8Array.of(0x21, 0x22) });
    const model = decodeModel(buildOnnx({ ...CONV, initializers: { t: float8 } }));
    expect(model.initializers.get('t')).toEqual({ type: 'other', shape: [2], what: 'type 17' });
  });

  it('reads integers of 2 and 4 bits, the first of a byte in its lowest bits, from raw bytes and from numbers', () => {
    const packed = [
      { dataType: 21, bytes: [0xf1, 0x0a], values: [1, 15, 10] },
      { dataType: 22, bytes: [0xf1, 0x08], values: [1, -1, -8] },
      { dataType: 25, bytes: [0b11100100], values: [0, 1, 2] },
      { dataType: 26, bytes: [0b11100100], values: [0, 1, -2] },
    ];
    for (const { dataType, bytes, values } of packed) {
      for (const field of [{ rawData: Uint8Array.from(bytes) }, { int32Data: bytes }]) {
        const t = rawTensor({ dims: [3], dataType, ...field });
        const found = decodeModel(buildOnnx({ ...CONV, initializers: { t } })).initializers.get('t');
        expect(found).toEqual({ type: 'int', shape: [3], data: Float64Array.from(values), elementType: dataType });
      }
    }
  });

  it('refuses bytes that hold more or fewer packed values than the shape says', () => {
    const t = rawTensor({ dims: [3], dataType: 22, rawData: Uint8Array.of(0x21) });
    expect(() => decodeModel(buildOnnx({ ...CONV, initializers: { t } }))).toThrow(/another number of values/);
  });

  it('keeps a sparse constant likewise', () => {
    const model = modelProto(CONV);
    const values = { ...floats([1], [5]).proto, name: 's' };
    model.graph!.sparseInitializer = [{ dims: [4], values, indices: ints([1], [2]).proto }];
    expect(decodeModel(encodeModel(model)).initializers.get('s')).toEqual({
      type: 'other',
      shape: [4],
      what: 'a sparse tensor',
    });
  });

  it('reads an attribute without a type, as files of IR version 1 have them', () => {
    const model = modelProto({ nodes: [node('Conv', 'x w', 'y', { pads: [1, 1], alpha: float(2) })] });
    for (const attribute of model.graph!.node![0]!.attribute!) attribute.type = null;
    const [first] = decodeModel(encodeModel(model)).nodes;
    expect(Object.fromEntries(first!.attributes)).toEqual({
      pads: { type: 'ints', value: [1, 1] },
      alpha: { type: 'float', value: 2 },
    });
  });
});

describe('what is no model is refused', () => {
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52);
  const text = 'The quick brown fox jumps over the lazy dog.\n';
  it.each([
    ['an empty file', new Uint8Array(0)],
    ['a PNG picture', png],
    ['text', ascii(text)],
    ['JSON', ascii('{"format": "systole"}\n')],
    ['a zip archive', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 0, 0)],
    ['an ELF program', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0)],
    ['an HDF5 file', Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a)],
    ['zeros', new Uint8Array(100)],
  ])('%s', (_, bytes) => {
    expect(codeOf(bytes)).toBe('not-onnx');
    expect(refusal(bytes)!.where).toBe('byte 0');
  });

  it('random bytes, whatever they are', () => {
    const random = randomSource(1);
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: random.integer(1, 300) }, () => random.integer(0, 255));
      expect(['not-onnx', 'onnx-truncated', 'onnx-too-large']).toContain(codeOf(bytes));
    }
  });
});

describe('a damaged file is refused', () => {
  it('cut at every single byte', () => {
    const whole = buildOnnx(CONV);
    const codes = Array.from({ length: whole.length }, (_, length) => codeOf(whole.subarray(0, length)));
    expect(new Set(codes)).toEqual(new Set(['not-onnx', 'onnx-truncated', 'none']));
    // The two places where a file ends between fields with its graph whole: what is lost is the list of operator sets.
    expect(codes.filter((code) => code === 'none')).toHaveLength(1);
    expect(codeOf(whole)).toBe('none');
  });

  it('with every single bit turned, or it is still a model', () => {
    const whole = buildOnnx(CONV);
    const allowed = ['none', 'not-onnx', 'onnx-truncated', 'onnx-too-large', 'onnx-external-data', 'graph-empty'];
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = whole.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect([...allowed, 'graph-invalid']).toContain(codeOf(bytes));
    }
  });

  it('whose constants hold more or fewer values than their shape says', () => {
    for (const dims of [[2], [4], [0], [3, 2]]) {
      const t = rawTensor({ dims, dataType: TYPES.float, rawData: new Uint8Array(12) });
      const error = refusal(buildOnnx({ ...CONV, initializers: { t } }))!;
      expect([error.code, error.where]).toEqual(['onnx-truncated', 'initializer t']);
    }
  });

  it('without a graph, or with a graph without nodes', () => {
    expect(codeOf(encodeModel({ irVersion: 8 }))).toBe('onnx-truncated');
    expect(codeOf(buildOnnx({ nodes: [] }))).toBe('graph-empty');
  });

  it('with one name for two constants', () => {
    const model = modelProto(CONV);
    model.graph!.initializer!.push({ ...ints([1], [1]).proto, name: 'w' });
    const error = refusal(encodeModel(model))!;
    expect([error.code, error.where]).toEqual(['graph-invalid', 'w']);
  });

  it('whose weights lie in another file, naming it', () => {
    const t = rawTensor({
      dims: [4],
      dataType: TYPES.float,
      dataLocation: 1,
      externalData: [{ key: 'location', value: 'weights.bin' }],
    });
    const error = refusal(buildOnnx({ ...CONV, initializers: { t } }))!;
    expect([error.code, error.where, error.actual]).toEqual(['onnx-external-data', 'initializer t', 'weights.bin']);
    expect(error.hint).toContain('save_as_external_data=False');
  });
});
