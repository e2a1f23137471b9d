import { describe, expect, it } from 'vitest';
import { SystoleError } from '../../../src/base/error.js';
import { decodeModel } from '../../../src/frontend/onnx/decode.js';
import { LIMITS } from '../../../src/frontend/onnx/limits.js';
import { buildOnnx, node, rawTensor, TYPES } from '../../support/onnx-builder.js';

/** Base-128 number of a protobuf file. */
function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
}
const field = (number: number, wireType: number): number[] => varint(number * 8 + wireType);
/** A field with a length before its bytes; `declared` where the length lies. */
function sized(number: number, body: Uint8Array, declared: number | bigint = body.length): Uint8Array {
  return Uint8Array.from([...field(number, 2), ...varint(declared), ...body]);
}
const repeated = (piece: readonly number[], times: number): Uint8Array => {
  const bytes = new Uint8Array(piece.length * times);
  for (let i = 0; i < times; i++) bytes.set(piece, i * piece.length);
  return bytes;
};
const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const GRAPH_INITIALIZER = 5;
const TENSOR_DIMS = 1;
const TENSOR_FLOATS = 4;
const ATTRIBUTE_GRAPH = 6;
const NODE_ATTRIBUTE = 5;

/** The refusal's code, and the memory it took. */
function refuse(bytes: Uint8Array): { readonly code: string; readonly mebibytes: number } {
  const before = process.memoryUsage();
  let code = 'none';
  try {
    decodeModel(bytes);
  } catch (error) {
    if (!(error instanceof SystoleError)) throw error;
    code = error.code;
  }
  const after = process.memoryUsage();
  const used = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  return { code, mebibytes: used / 2 ** 20 };
}
const SMALL = 32;

describe('a hostile file is refused before it costs memory', () => {
  it.each([2 ** 31, 2 ** 40, 2n ** 62n])('a field that says it is %s bytes long', (declared) => {
    const { code, mebibytes } = refuse(sized(MODEL_GRAPH, Uint8Array.of(0), declared));
    expect(code).toBe('onnx-truncated');
    expect(mebibytes).toBeLessThan(SMALL);
  });

  it.each([
    ['one dimension of 2^40', [2 ** 40]],
    ['dimensions whose product is beyond 2^53', [2 ** 30, 2 ** 30, 2 ** 30]],
    ['more elements than are allowed', [2 ** 14, 2 ** 14]],
    ['a huge dimension beside one of zero', [0, 2 ** 40]],
    ['more dimensions than are allowed', new Array<number>(LIMITS.rank + 1).fill(1)],
  ])('a constant of %s', (_, dims) => {
    const t = rawTensor({ dims, dataType: TYPES.float, rawData: new Uint8Array(4) });
    const { code, mebibytes } = refuse(buildOnnx({ nodes: [node('Relu', 'x', 'y')], initializers: { t } }));
    expect(code).toBe('onnx-too-large');
    expect(mebibytes).toBeLessThan(SMALL);
  });

  it('a negative dimension', () => {
    const t = rawTensor({ dims: [-1], dataType: TYPES.float, rawData: new Uint8Array(4) });
    expect(refuse(buildOnnx({ nodes: [node('Relu', 'x', 'y')], initializers: { t } })).code).toBe('onnx-truncated');
  });

  it('millions of dimensions', () => {
    const dims = sized(TENSOR_DIMS, repeated([1], 5_000_000));
    const { code, mebibytes } = refuse(sized(MODEL_GRAPH, sized(GRAPH_INITIALIZER, dims)));
    expect(code).toBe('onnx-too-large');
    expect(mebibytes).toBeLessThan(SMALL + 16);
  });

  it('unpacked values, one field each', () => {
    const dims = repeated([...field(TENSOR_DIMS, 0), 1], LIMITS.integers + 1);
    expect(refuse(sized(MODEL_GRAPH, sized(GRAPH_INITIALIZER, dims))).code).toBe('onnx-too-large');
  });

  it('packed floats of a length that no float has', () => {
    const values = sized(TENSOR_FLOATS, new Uint8Array(7));
    expect(refuse(sized(MODEL_GRAPH, sized(GRAPH_INITIALIZER, values))).code).toBe('onnx-truncated');
  });

  it('millions of empty nodes', () => {
    const nodes = repeated([...field(GRAPH_NODE, 2), 0], LIMITS.messages + 1);
    const { code, mebibytes } = refuse(sized(MODEL_GRAPH, nodes));
    expect(code).toBe('onnx-too-large');
    expect(mebibytes).toBeLessThan(SMALL);
  });

  it('graphs within graphs without end', () => {
    let graph = sized(GRAPH_NODE, new Uint8Array(0));
    for (let depth = 0; depth < 2000; depth++) {
      graph = sized(GRAPH_NODE, sized(NODE_ATTRIBUTE, sized(ATTRIBUTE_GRAPH, graph)));
    }
    expect(refuse(sized(MODEL_GRAPH, graph)).code).toBe('onnx-too-large');
  });

  it('a number that does not end', () => {
    expect(refuse(Uint8Array.from([...field(1, 0), ...new Array<number>(20).fill(0x80)])).code).toBe('onnx-truncated');
  });

  it('a group, which protobuf once had', () => {
    expect(refuse(Uint8Array.from([...field(1, 0), 8, ...field(99, 3), ...field(99, 4)])).code).toBe('onnx-truncated');
  });

  it('a file beyond the largest that is read', () => {
    expect(refuse(new Uint8Array(LIMITS.fileBytes + 1)).code).toBe('onnx-too-large');
  });
});
