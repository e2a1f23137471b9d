import { describe, expect, it } from 'vitest';
import { SystoleError } from '../../src/base/error.js';
import { inspectOnnx } from '../../src/frontend/inspect-onnx.js';
import {
  buildOnnx,
  floats,
  ints,
  type ModelRecipe,
  node,
  randomFloats,
  rawTensor,
  TYPES,
} from '../support/onnx-builder.js';

const small: ModelRecipe = {
  shape: ['N', 3, 8, 8],
  nodes: [
    node('Conv', 'x w b', 'c', { strides: [2, 2] }),
    node('Relu', 'c', 'r'),
    node('GlobalAveragePool', 'r', 'p'),
    node('Flatten', 'p', 'f'),
    node('Gemm', 'f v', 'g'),
    node('Softmax', 'g', 'y'),
  ],
  initializers: { w: randomFloats([4, 3, 3, 3], 1), b: randomFloats([4], 2), v: randomFloats([4, 5], 3) },
};
const inspect = (recipe: ModelRecipe, inputShape?: readonly number[]) =>
  inspectOnnx(buildOnnx(recipe), inputShape === undefined ? {} : { inputShape });

describe('inspection of a supported model', () => {
  const found = inspect(small);

  it('tells where it comes from and what it takes and gives', () => {
    expect(found).toMatchObject({
      name: 'test',
      producer: 'test',
      irVersion: 8,
      dialect: 'float32',
      opsets: { 'ai.onnx': 13 },
      inputs: [{ name: 'x', type: 'float32', shape: [1, 3, 8, 8] }],
      outputs: [{ name: 'y', type: 'float32', shape: [1, 5] }],
      supported: true,
      obstacles: [],
    });
  });

  it('counts operators', () => {
    expect(found.operators).toEqual([
      { name: 'Conv', count: 1, known: true },
      { name: 'Flatten', count: 1, known: true },
      { name: 'Gemm', count: 1, known: true },
      { name: 'GlobalAveragePool', count: 1, known: true },
      { name: 'Relu', count: 1, known: true },
      { name: 'Softmax', count: 1, known: true },
    ]);
  });

  it('counts multiplications, weights and parameters', () => {
    // 3 rows and 3 columns of 4 channels, 27 taps each: 972; 4 times 5: 20.
    expect(found.layers).toEqual([
      { node: 'c', operator: 'Conv', output: [1, 4, 3, 3], macs: 972, weights: 108 },
      { node: 'g', operator: 'Gemm', output: [1, 5], macs: 20, weights: 20 },
    ]);
    expect([found.macs, found.weights, found.parameters]).toEqual([992, 128, 132]);
  });

  it('says what the host does', () => {
    expect(found.host).toEqual([{ kind: 'softmax', node: 'y', values: 5 }]);
  });
});

it('multiplications of groups are counted once for each group, and padded taps with the others', () => {
  const nodes = [node('Conv', 'x w', 'y', { group: 3, pads: [1, 1, 1, 1] })];
  const found = inspect({ shape: [1, 3, 4, 4], nodes, initializers: { w: randomFloats([6, 1, 3, 3], 1) } });
  expect(found.macs).toBe(6 * 9 * 16);
});

describe('inspection of an unsupported model', () => {
  it('lists every obstacle with code, place and rewrite, and counts what it can', () => {
    const nodes = [
      ...small.nodes.slice(0, 1),
      node('LRN', 'c', 'r'),
      node('Conv', 'x w', 'd', { auto_pad: 'SAME' }),
      node('Add', 'r d', 'y'),
    ];
    const found = inspect({ ...small, nodes });
    expect(found.supported).toBe(false);
    expect(found.obstacles.map(({ code, where }) => [code, where])).toEqual([
      ['operator-unknown', 'node r (LRN)'],
      ['operator-limit', 'node d (Conv)'],
    ]);
    expect(found.obstacles[0]!.hint).toContain('BatchNormalization');
    expect(found.obstacles[1]).toMatchObject({ actual: 'auto_pad = SAME' });
    expect(found.layers.map((layer) => layer.node)).toEqual(['c']);
    expect(found.operators.find((operator) => operator.name === 'LRN')).toEqual({
      name: 'LRN',
      count: 1,
      known: false,
    });
  });

  it('names an open input shape, and goes on where it is given', () => {
    const open = { ...small, shape: ['N', 3, 'h', 'w'] };
    const found = inspect(open);
    expect(found.obstacles.map(({ code }) => code)).toEqual(['shape-dynamic']);
    expect(found.inputs[0]!.shape).toEqual(['N', 3, 'h', 'w']);
    expect(inspect(open, [1, 3, 8, 8]).macs).toBe(992);
  });

  it('finds weights that folding makes infinite', () => {
    const nodes = [node('Conv', 'x w', 'c'), node('Mul', 'c k', 'y')];
    const initializers = { w: floats([1, 3, 1, 1], [3e38, 1, 1]), k: floats([], [10]) };
    expect(inspect({ nodes, initializers }).obstacles).toMatchObject([
      { code: 'weights-not-finite', where: 'node c, weights[0]' },
    ]);
  });

  it('does not throw for any graph, only for a file that is none', () => {
    expect(inspect({ nodes: [node('Add', 'x z', 'y')], outputs: [] }).obstacles.length).toBeGreaterThan(1);
    expect(inspect({ nodes: [node('Relu', 'a', 'a')] }).supported).toBe(false);
    expect(() => inspectOnnx(new TextEncoder().encode('no model'))).toThrow(SystoleError);
  });
});

describe('the dialect', () => {
  const of = (...operators: (string | readonly [string, string])[]) => {
    const nodes = operators.map((operator, i) => {
      const [name, domain] = typeof operator === 'string' ? [operator, ''] : operator;
      return node(name, i === 0 ? 'x' : `t${i - 1}`, `t${i}`, {}, { domain });
    });
    return inspect({ nodes }).dialect;
  };

  it.each<[string, readonly (string | readonly [string, string])[]]>([
    ['float32', ['Conv', 'Relu']],
    ['QDQ', ['QuantizeLinear', 'DequantizeLinear', 'Conv']],
    ['QCDQ', ['QuantizeLinear', 'Clip', 'DequantizeLinear', 'Conv']],
    ['QDQ', ['Clip', 'QuantizeLinear', 'DequantizeLinear']],
    ['QOperator', ['QuantizeLinear', 'QLinearConv', 'DequantizeLinear']],
    ['QOperator', [['QLinearAdd', 'com.microsoft']]],
    ['QOperator', ['ConvInteger']],
    ['QONNX', [['Quant', 'onnx.brevitas'], 'Conv']],
    ['QONNX', [['BipolarQuant', 'qonnx.custom_op.general']]],
    ['QONNX', [['Quant', 'finn.custom_op.general']]],
    ['QONNX', ['Trunc']],
    [
      'FINN',
      [
        ['MultiThreshold', 'finn.custom_op.general'],
        ['Quant', 'onnx.brevitas'],
      ],
    ],
    ['FINN', [['Im2Col', 'qonnx.custom_op.general'], 'MatMul']],
    ['FINN', [['XnorPopcountMatMul', 'finn.custom_op.general']]],
    ['QONNX', [['Conv', 'qonnx.custom_op.channels_last']]],
    ['dynamic quantization', ['DynamicQuantizeLinear', 'MatMulInteger']],
    ['dynamic quantization', [['DynamicQuantizeMatMul', 'com.microsoft']]],
  ])('is %s for %s', (dialect, operators) => {
    expect(of(...operators)).toBe(dialect);
  });

  it('is that of the input, or of the weights, where they are other floating-point numbers', () => {
    const inputs = [{ name: 'x', shape: [1, 4], elementType: TYPES.half }];
    expect(inspect({ inputs, nodes: [node('Relu', 'x', 'y')] }).dialect).toBe('float16');
    for (const [dataType, dialect] of [
      [TYPES.half, 'float16'],
      [TYPES.bfloat16, 'bfloat16'],
      [TYPES.double, 'float64'],
    ] as const) {
      const rawData = new Uint8Array(4 * (dataType === TYPES.double ? 8 : 2));
      const w = rawTensor({ dims: [4, 1], dataType, rawData });
      expect(inspect({ shape: [1, 4], nodes: [node('MatMul', 'x w', 'y')], initializers: { w } }).dialect).toBe(
        dialect,
      );
    }
  });

  it('is integer where weights are whole numbers and sums are rounded', () => {
    const nodes = [node('Conv', 'x w', 'c'), node('Div', 'c d', 'q'), node('Floor', 'q', 'f'), node('Relu', 'f', 'y')];
    const model = (weight: number) => ({
      shape: [1, 1, 2, 2],
      nodes,
      initializers: { w: floats([1, 1, 1, 1], [weight]), d: floats([], [16]) },
    });
    expect(inspect(model(3)).dialect).toBe('integer');
    expect(inspect(model(0.5)).dialect).toBe('float32');
  });
});

it('shapes that the graph computes are no part of what it counts', () => {
  const nodes = [
    node('Shape', 'x', 's'),
    node('Slice', 's a b', 't'),
    node('Reshape', 'x t', 'r'),
    node('Relu', 'r', 'y'),
  ];
  const found = inspect({ nodes, initializers: { a: ints([1], [0]), b: ints([1], [4]) } });
  expect([found.supported, found.layers]).toEqual([true, []]);
});
