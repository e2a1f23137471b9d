import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../src/frontend/import-onnx.js';
import { floatToHalf } from '../../src/frontend/onnx/half.js';
import {
  buildOnnx,
  codes,
  type ModelRecipe,
  node,
  randomCodes,
  randomFloats,
  rawTensor,
  TYPES,
} from '../support/onnx-builder.js';
import { compareWithRuntime } from '../support/same-as-runtime.js';

const VALUES = Float32Array.from({ length: 54 }, (_, i) => Math.fround(Math.sin(i * 1.7) / 2));

function typed(dataType: number, dims: readonly number[]): ReturnType<typeof rawTensor> {
  const data = VALUES.subarray(
    0,
    dims.reduce((a, b) => a * b, 1),
  );
  const bytes = (array: { readonly buffer: ArrayBufferLike }) => new Uint8Array(array.buffer.slice(0));
  const rawData =
    dataType === TYPES.half
      ? bytes(Uint16Array.from(data, floatToHalf))
      : dataType === TYPES.double
        ? bytes(Float64Array.from(data))
        : bytes(Uint16Array.from(new Uint32Array(Float32Array.from(data).buffer), (bits) => bits >>> 16));
  return rawTensor({ dims: [...dims], dataType, rawData });
}

const layers = [
  node('Conv', 'x w b', 'c', { pads: [1, 1, 1, 1] }),
  node('Relu', 'c', 'r'),
  node('GlobalAveragePool', 'r', 'y'),
];
const shape = [1, 3, 5, 5];

describe('models of other floating-point numbers', () => {
  it('float16 at both ends and in the weights is what ONNX Runtime computes, within its own rounding', async () => {
    const recipe: ModelRecipe = {
      inputs: [{ name: 'x', shape, elementType: TYPES.half }],
      nodes: layers,
      initializers: { w: typed(TYPES.half, [2, 3, 3, 3]), b: typed(TYPES.half, [2]) },
    };
    const { difference, graph } = await compareWithRuntime(buildOnnx(recipe));
    expect(difference).toBeLessThan(2e-3);
    expect(graph.nodes.map((n) => n.kind)).toEqual(['conv', 'averagepool']);
  });

  it('float16 weights behind casts', async () => {
    const cast = (from: string, to: string, type: number) => node('Cast', from, to, { to: type });
    const recipe: ModelRecipe = {
      shape,
      nodes: [cast('x', 'h', TYPES.half), node('Conv', 'h w', 'c'), cast('c', 'y', TYPES.float)],
      initializers: { w: typed(TYPES.half, [2, 3, 3, 3]) },
    };
    expect((await compareWithRuntime(buildOnnx(recipe))).difference).toBeLessThan(2e-3);
  });

  it('constants cast to float16 are rounded', async () => {
    const nodes = [
      node('Cast', 'w', 'v', { to: TYPES.half }),
      node('Cast', 'v', 'u', { to: TYPES.float }),
      node('MatMul', 'x u', 'y'),
    ];
    const initializers = { w: randomFloats([6, 4], 3) };
    expect((await compareWithRuntime(buildOnnx({ shape: [1, 6], nodes, initializers }))).difference).toBeLessThan(1e-6);
  });

  it('quantized weights with float16 scales', async () => {
    const nodes = [
      node('QuantizeLinear', 'x hs z', 'q'),
      node('DequantizeLinear', 'q hs z', 'f'),
      node('DequantizeLinear', 'w hs z', 'v'),
      node('Conv', 'f v', 'y'),
    ];
    const recipe: ModelRecipe = {
      inputs: [{ name: 'x', shape, elementType: TYPES.half }],
      opset: 21,
      nodes,
      initializers: {
        hs: rawTensor({ dims: [], dataType: TYPES.half, rawData: Uint8Array.of(0, 0x24) }),
        z: codes('int8', [], [0]),
        w: randomCodes('int8', [2, 3, 3, 3], 1, [-128, 127]),
      },
    };
    const graph = importOnnx(buildOnnx(recipe));
    expect(graph.nodes).toMatchObject([
      { kind: 'quant', quantizer: { scale: Float32Array.of(1 / 64) } },
      { kind: 'conv', codes: { bits: 8, scale: Float32Array.of(1 / 64) } },
    ]);
  });

  it('float64 weights and inputs are read as float32', async () => {
    const recipe: ModelRecipe = {
      inputs: [{ name: 'x', shape: [1, 6], elementType: TYPES.double }],
      nodes: [node('MatMul', 'x w', 'y')],
      initializers: { w: typed(TYPES.double, [6, 4]) },
    };
    expect((await compareWithRuntime(buildOnnx(recipe))).difference).toBeLessThan(1e-6);
  });

  it('bfloat16 weights are read exactly', () => {
    const recipe: ModelRecipe = {
      shape,
      nodes: [node('Cast', 'w', 'v', { to: TYPES.float }), node('Conv', 'x v', 'y')],
      initializers: { w: typed(TYPES.bfloat16, [2, 3, 3, 3]) },
    };
    const [conv] = importOnnx(buildOnnx(recipe)).nodes;
    const cut = new Uint32Array(VALUES.slice(0, 54).buffer).map((bits) => bits & 0xffff0000);
    expect(conv).toMatchObject({ kind: 'conv', weights: { data: new Float32Array(cut.buffer) } });
  });
});
