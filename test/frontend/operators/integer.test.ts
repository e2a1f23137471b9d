import { describe, expect, it } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import { openFloatModel } from '../../../src/frontend/float-model.js';
import type { ConvNode, DenseNode, Graph } from '../../../src/frontend/graph.js';
import { graphToOnnx } from '../../../src/frontend/graph-to-onnx.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import {
  type BuiltNode,
  buildOnnx,
  type CodeType,
  codes,
  floats,
  type ModelRecipe,
  node,
  randomCodes,
  TYPES,
} from '../../support/onnx-builder.js';
import { gridConstants } from '../../support/qdq.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const RANGES = { uint8: [0, 255], int8: [-128, 127], uint16: [0, 65535], int16: [-32768, 32767] } as const;
const SHAPE = [1, 2, 4, 4];

/** A model of integers in, checked on random ones. */
async function sameOnCodes(
  type: keyof typeof RANGES,
  recipe: ModelRecipe,
  shape: readonly number[] = SHAPE,
): Promise<Graph> {
  const bytes = buildOnnx({ opset: 21, ...recipe, inputs: [{ name: 'x', shape, elementType: TYPES[type] }] });
  const graph = importOnnx(bytes);
  const random = randomSource(4);
  const [low, high] = RANGES[type];
  const input = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.integer(low, high));
  const outputs = [];
  for (const model of [await openFloatModel(bytes, { asWritten: true }), await openFloatModel(graphToOnnx(graph))]) {
    outputs.push([...(await model.run(input)).values()][0]!);
    await model.close();
  }
  const [expected, found] = outputs as [Float32Array, Float32Array];
  expect(found.length).toBe(expected.length);
  const largest = expected.reduce((a, x) => Math.max(a, Math.abs(x)), 1e-6);
  for (const [i, x] of expected.entries()) expect(Math.abs(found[i]! - x) / largest).toBeLessThan(2e-6);
  return graph;
}

const weights = (type: CodeType, shape: readonly number[]) =>
  randomCodes(type, shape, 1, type === 'uint8' ? [0, 255] : [-128, 127]);

describe('a model whose input is integers', () => {
  it.each([
    ['uint8', 100],
    ['int8', -7],
    ['int8', 0],
    ['uint16', 32000],
    ['int16', 0],
  ] as const)('of %s with zero point %i is quantized already', async (type, zero) => {
    const graph = await sameOnCodes(type, {
      nodes: [
        node('DequantizeLinear', 'x x.s x.z', 'a'),
        node('DequantizeLinear', 'w w.s w.z', 'v'),
        node('Conv', 'a v', 'y'),
      ],
      initializers: {
        ...gridConstants('x', { scale: 0.3, zero, type }),
        ...gridConstants('w', { scale: 0.01 }),
        w: weights('int8', [3, 2, 3, 3]),
      },
    });
    expect(graph.nodes.at(-2)).toMatchObject({
      kind: 'quant',
      quantizer: { scale: Float32Array.of(0.3), zero: Float32Array.of(zero), lo: RANGES[type][0], hi: RANGES[type][1] },
    });
  });

  it('may be turned before it is read, and be channels last', async () => {
    const shape = [1, 4, 4, 2];
    const nodes = [
      node('Transpose', 'x', 't', { perm: [0, 3, 1, 2] }),
      node('DequantizeLinear', 't x.s x.z', 'a'),
      node('MaxPool', 'a', 'y', { kernel_shape: [2, 2] }),
    ];
    const initializers = gridConstants('x', { scale: 0.25, zero: 3, type: 'uint8' });
    const graph = await sameOnCodes('uint8', { nodes, initializers }, shape);
    expect(graph.inputs[0]).toMatchObject({ shape: [1, 2, 4, 4], layout: { modelShape: shape } });
  });

  it('may go straight into operators on codes', async () => {
    const nodes = [
      node('QLinearConv', 'x x.s x.z w w.s w.z o.s o.z', 'q', { pads: [1, 1, 1, 1] }),
      node('DequantizeLinear', 'q o.s o.z', 'y'),
    ];
    const initializers = {
      ...gridConstants('x', { scale: 1 / 32, zero: 7, type: 'uint8' }),
      ...gridConstants('w', { scale: 1 / 128 }),
      ...gridConstants('o', { scale: 1 / 2, zero: 9, type: 'uint8' }),
      w: weights('int8', [3, 2, 3, 3]),
    };
    const { nodes: made } = await sameOnCodes('uint8', { nodes, initializers, opset: 13 });
    expect(made.map((n) => n.kind)).toEqual(['affine', 'affine', 'quant', 'conv', 'quant']);
  });

  it('stays what it was where it is only cast', async () => {
    const nodes = [node('Cast', 'x', 'a', { to: TYPES.float }), node('MaxPool', 'a', 'y', { kernel_shape: [2, 2] })];
    expect((await sameOnCodes('uint8', { nodes })).nodes.map((n) => n.kind)).toEqual(['maxpool']);
  });

  it('is refused where real values are needed', () => {
    const nodes = [node('Conv', 'x w', 'y', {}, { name: 'c' })];
    const recipe = {
      nodes,
      inputs: [{ name: 'x', shape: SHAPE, elementType: TYPES.uint8 }],
      initializers: { w: floats([1, 2, 1, 1], [1, 1]) },
    };
    expect(codeAndPlace(recipe)).toEqual(['operator-limit', 'node c (Conv)']);
  });
});

describe('codes that are read on another grid than they were made on', () => {
  it('are worth what the reader says', async () => {
    for (const [scale, zero] of [
      [0.5, 3],
      [0.3, -4],
      [0.125, -4],
    ] as const) {
      const nodes = [node('QuantizeLinear', 'x a.s a.z', 'q'), node('DequantizeLinear', 'q b.s b.z', 'y')];
      const initializers = {
        ...gridConstants('a', { scale: 0.125, zero: 3 }),
        ...gridConstants('b', { scale, zero }),
      };
      const graph = await sameAsRuntime({ shape: SHAPE, nodes, initializers }, { low: -9, high: 9 });
      expect(graph.nodes.at(-1)).toMatchObject({ kind: 'quant', quantizer: { scale: Float32Array.of(scale) } });
    }
  });

  it('are refused where channels have scales of their own', () => {
    const nodes = [
      node('QuantizeLinear', 'x a.s a.z', 'q'),
      node('DequantizeLinear', 'q b.s b.z', 'y', {}, { name: 'd' }),
    ];
    const initializers = { ...gridConstants('a', { scale: [1, 2] }), ...gridConstants('b', { scale: 1 }) };
    expect(codeAndPlace({ shape: SHAPE, nodes, initializers })).toEqual([
      'operator-limit',
      'node d (DequantizeLinear)',
    ]);
  });

  it('are made by a Cast in front of a layer, and stay what they are in a wider type', async () => {
    const nodes = [
      node('Div', 'x s', 'd'),
      node('Round', 'd', 'r'),
      node('Clip', 'r lo hi', 'c'),
      node('Cast', 'c', 'q', { to: TYPES.uint8 }),
      node('Cast', 'q', 'i', { to: TYPES.int32 }),
      node('Cast', 'i', 'f', { to: TYPES.float }),
      node('Conv', 'f w', 'y'),
    ];
    const initializers = {
      ...{ s: floats([], [0.3]), lo: floats([], [0]), hi: floats([], [15]), w: floats([1, 2, 1, 1], [3, -2]) },
    };
    const graph = await sameAsRuntime({ shape: SHAPE, nodes, initializers }, { low: -9, high: 9 });
    expect(graph.nodes).toMatchObject([
      { kind: 'affine' },
      { kind: 'quant', quantizer: { lo: 0, hi: 15, round: 'half-even' } },
      { kind: 'conv', codes: { bits: 3 } },
    ]);
  });

  it('become numbers by a Cast', async () => {
    const nodes = [node('QuantizeLinear', 'x a.s a.z', 'q'), node('Cast', 'q', 'y', { to: TYPES.float })];
    const initializers = gridConstants('a', { scale: 0.3, zero: 3 });
    await sameAsRuntime({ shape: SHAPE, nodes, initializers }, { low: -40, high: 40 });
  });
});

describe('codes that leave the network', () => {
  it.each([
    ['int8', -7],
    ['uint8', 100],
    ['int8', 0],
    ['uint16', 32000],
  ] as const)('of %s with zero point %i keep their type', async (type, zero) => {
    const nodes = [
      node('MaxPool', 'x', 'm', { kernel_shape: [2, 2] }),
      node('QuantizeLinear', 'm a.s a.z', 'q'),
      node('Transpose', 'q', 'y', { perm: [0, 2, 3, 1] }),
    ];
    const initializers = gridConstants('a', { scale: 0.3, zero, type });
    const graph = await sameAsRuntime({ shape: SHAPE, opset: 21, nodes, initializers }, { low: -40, high: 40 });
    expect(graph.modelOutputs).toMatchObject([{ name: 'y', type, shape: [1, 3, 3, 2] }]);
  });

  it('of QLinear operators and of the host do too', async () => {
    const more = {
      ...gridConstants('a', { scale: 1 / 32, zero: 3 }),
      ...gridConstants('o', { scale: 1 / 256, zero: -128 }),
    };
    const wq = randomCodes('int8', [32, 5], 1, [-128, 127]);
    const first = [node('Flatten', 'x', 'f'), node('QuantizeLinear', 'f a.s a.z', 'q')];
    const ends: readonly BuiltNode[][] = [
      [node('QLinearMatMul', 'q a.s a.z wq o.s o.z a.s a.z', 'y')],
      [node('QLinearSigmoid', 'q a.s a.z o.s o.z', 'y', {}, { domain: 'com.microsoft' })],
    ];
    for (const end of ends) {
      const recipe = { shape: SHAPE, nodes: [...first, ...end], initializers: { ...more, wq } };
      const graph = await sameAsRuntime({ ...recipe, domains: { 'com.microsoft': 1 } });
      expect(graph.modelOutputs).toMatchObject([{ type: 'int8' }]);
    }
  });

  it('are the model’s own input, moved', async () => {
    const nodes = [
      node('MaxPool', 'x', 'm', { kernel_shape: [2, 2] }),
      node('Transpose', 'm', 'y', { perm: [0, 2, 3, 1] }),
    ];
    const graph = await sameOnCodes('int8', { nodes, opset: 13 });
    expect(graph.modelOutputs).toMatchObject([{ type: 'int8' }]);
  });
});

describe('Relu and Clip of codes', () => {
  it('leave no codes below zero, which need not be the zero point', async () => {
    for (const zero of [0, -20, 20]) {
      const nodes = [
        node('QuantizeLinear', 'x a.s a.z', 'q'),
        node('Relu', 'q', 'r'),
        node('DequantizeLinear', 'r a.s a.z', 'y'),
      ];
      const initializers = gridConstants('a', { scale: 0.125, zero });
      const graph = await sameAsRuntime({ shape: SHAPE, opset: 14, nodes, initializers }, { low: -9, high: 9 });
      expect(graph.nodes).toMatchObject([{ kind: 'quant', quantizer: { lo: 0, hi: 127 } }]);
    }
  });
});

/** Sums of products, cast and scaled, as quantizers of ONNX Runtime write them. */
const scaled: readonly BuiltNode[] = [node('Cast', 's', 'f', { to: TYPES.float }), node('Mul', 'f k', 'y')];

describe('ConvInteger and MatMulInteger', () => {
  const zeros = (type: CodeType, zero: number) => codes(type, [], [zero]);
  const k = floats([], [0.0007]);

  it('are layers of integer weights, scaled behind them', async () => {
    const initializers = { w: weights('uint8', [3, 2, 3, 3]), xz: zeros('uint8', 100), wz: zeros('uint8', 120), k };
    const attributes = { pads: [1, 1, 1, 1], strides: [2, 1] };
    const nodes = [node('ConvInteger', 'x w xz wz', 's', attributes), ...scaled];
    const graph = await sameOnCodes('uint8', { nodes, initializers, opset: 13 });
    const conv = graph.nodes.find((n): n is ConvNode => n.kind === 'conv')!;
    expect(conv.codes).toMatchObject({ bits: 9, scale: Float32Array.of(1) });
    expect(conv.weights.data.every((w, i) => w === conv.codes!.values[i])).toBe(true);
  });

  it('have a zero point of the weights for each output, or none', async () => {
    const b = weights('int8', [12, 5]);
    const columns = codes('int8', [5], [1, -2, 0, 4, 9]);
    for (const inputs of ['x b', 'x b xz', 'x b xz bz', 'x b _ bz']) {
      const nodes = [node('MatMulInteger', inputs, 's'), ...scaled];
      const initializers = { b, xz: zeros('uint8', 30), bz: columns, k };
      const graph = await sameOnCodes('uint8', { nodes, initializers, opset: 13 }, [1, 12]);
      expect(graph.nodes.find((n): n is DenseNode => n.kind === 'dense')!.codes).toBeDefined();
    }
  });

  it('take the codes of a quantizer without another one', async () => {
    const nodes = [node('QuantizeLinear', 'x a.s a.z', 'q'), node('ConvInteger', 'q w a.z', 's'), ...scaled];
    const initializers = {
      ...gridConstants('a', { scale: 0.05, zero: 128, type: 'uint8' }),
      w: weights('uint8', [3, 2, 3, 3]),
      k,
    };
    const graph = await sameAsRuntime({ shape: SHAPE, nodes, initializers });
    expect(graph.nodes.map((n) => n.kind)).toEqual(['quant', 'conv', 'affine', 'affine']);
  });

  it('are dequantized as well as cast', async () => {
    const nodes = [node('ConvInteger', 'x w xz', 's'), node('DequantizeLinear', 's k', 'y')];
    const initializers = { w: weights('uint8', [3, 2, 3, 3]), xz: zeros('uint8', 100), k };
    await sameOnCodes('uint8', { nodes, initializers, opset: 13 });
  });

  it('are refused without quantized codes, and dynamic quantization with the way out', () => {
    const dynamic = {
      shape: SHAPE,
      nodes: [
        node('DynamicQuantizeLinear', 'x', 'q qs qz', {}, { name: 'd' }),
        node('ConvInteger', 'q w qz', 's'),
        ...scaled,
      ],
      initializers: { w: weights('int8', [3, 2, 3, 3]), k },
    };
    const error = refusalOf(dynamic);
    expect([error.code, error.where]).toEqual(['operator-unknown', 'node d (DynamicQuantizeLinear)']);
    expect(error.hint).toContain('quantize_static');
    const computed = {
      ...dynamic,
      nodes: [node('QuantizeLinear', 'x a.s', 'q'), node('ConvInteger', 'q q', 's', {}, { name: 'c' })],
    };
    const initializers = { ...dynamic.initializers, 'a.s': floats([], [1]) };
    expect(codeAndPlace({ ...computed, initializers })).toEqual(['operator-limit', 'node c (ConvInteger)']);
  });
});
