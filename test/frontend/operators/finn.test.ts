import { describe, expect, it } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import { openFloatModel } from '../../../src/frontend/float-model.js';
import type { ConvNode, DenseNode, Graph } from '../../../src/frontend/graph.js';
import { graphToOnnx } from '../../../src/frontend/graph-to-onnx.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace } from '../../support/import-refusals.js';
import {
  type BuiltAttribute,
  type BuiltNode,
  buildOnnx,
  float,
  floats,
  type ModelRecipe,
  node,
  randomFloats,
  randomValues,
} from '../../support/onnx-builder.js';

const GENERAL = { domain: 'qonnx.custom_op.general' };
const LAST = { domain: 'qonnx.custom_op.channels_last' };
type Attributes = Readonly<Record<string, BuiltAttribute>>;
const finn = (operator: string, inputs: string, outputs: string, attributes: Attributes = {}): BuiltNode =>
  node(operator, inputs, outputs, attributes, GENERAL);
const toLast = (from: string, to: string): BuiltNode => node('Transpose', from, to, { perm: [0, 2, 3, 1] });
const toFirst = (from: string, to: string): BuiltNode => node('Transpose', from, to, { perm: [0, 3, 1, 2] });
const plain = (x: number): number => (x === 0 ? 0 : x);

async function run(bytes: Uint8Array, input: Float32Array): Promise<number[]> {
  const model = await openFloatModel(bytes, { asWritten: true });
  const [found] = (await model.run(input)).values();
  await model.close();
  return Array.from(found!, plain);
}

const sizeOf = (recipe: ModelRecipe): number => (recipe.shape as number[]).reduce((a, b) => a * b, 1);

/** The graph of a model, and what it makes of random values. */
async function made(recipe: ModelRecipe, scale = 4): Promise<{ graph: Graph; input: Float32Array; output: number[] }> {
  const graph = importOnnx(buildOnnx(recipe));
  const input = randomValues(sizeOf(recipe), randomSource(3), -scale, scale);
  return { graph, input, output: await run(graphToOnnx(graph), input) };
}

/** That a model of FINN's operators computes what one of ONNX's own computes. */
async function sameAs(recipe: ModelRecipe, nodes: readonly BuiltNode[], more: ModelRecipe['initializers'] = {}) {
  const { graph, input, output } = await made(recipe);
  const initializers = { ...recipe.initializers, ...more };
  const expected = await run(buildOnnx({ ...recipe, nodes, initializers }), input);
  expect(output.length).toBe(expected.length);
  for (const [i, x] of expected.entries()) expect(output[i]).toBeCloseTo(x, 4);
  return graph;
}

/** How many thresholds of its channel each value reaches, scaled and biased. */
const thresholded =
  (x: ArrayLike<number>, rows: readonly (readonly number[])[], channel: (i: number) => number) =>
  (scale: number, bias: number): number[] =>
    Array.from(x, (v, i) => {
      const row = rows[rows.length === 1 ? 0 : channel(i)]!;
      return plain(scale * row.filter((t) => v >= t).length + bias);
    });

describe('MultiThreshold', () => {
  const rows = [
    [-2, 0.5, 3],
    [-1, -1, 0],
    [0, 1, 2],
  ];
  const thresholds = floats([3, 3], rows.flat());

  it('counts the thresholds that a value reaches, for each channel, and scales and biases the number', async () => {
    for (const [scale, bias] of [
      [1, 0],
      [2, -1],
      [0.25, -0.5],
    ] as const) {
      const attributes = { out_scale: float(scale), out_bias: float(bias), out_dtype: 'UINT2' };
      const nodes = [finn('MultiThreshold', 'x t', 'y', attributes)];
      const { graph, input, output } = await made({ shape: [1, 3, 2, 4], nodes, initializers: { t: thresholds } });
      expect(output).toEqual(thresholded(input, rows, (i) => Math.floor(i / 8))(scale, bias));
      expect(graph.nodes).toMatchObject([{ kind: 'quant', quantizer: { kind: 'thresholds', scale, bias } }]);
    }
  });

  it('reaches a threshold that is met, and those of every order, infinite ones too', async () => {
    const t = floats([1, 4], [2, -Infinity, 0, Infinity]);
    const graph = importOnnx(
      buildOnnx({ shape: [1, 4], nodes: [finn('MultiThreshold', 'x t', 'y', { out_dtype: '' })], initializers: { t } }),
    );
    expect(await run(graphToOnnx(graph), Float32Array.of(-1, 0, 1, 2))).toEqual([1, 2, 2, 3]);
  });

  it('knows channels last, and takes the last axis of other ranks', async () => {
    const attributes = { data_layout: 'NHWC', out_dtype: '' };
    const nodes = [toLast('x', 'l'), finn('MultiThreshold', 'l t', 'm', attributes), toFirst('m', 'y')];
    const { input, output } = await made({ shape: [1, 3, 2, 4], nodes, initializers: { t: thresholds } });
    expect(output).toEqual(thresholded(input, rows, (i) => Math.floor(i / 8))(1, 0));
    for (const shape of [
      [1, 3],
      [1, 4, 3],
    ]) {
      const recipe = { shape, nodes: [finn('MultiThreshold', 'x t', 'y')], initializers: { t: thresholds } };
      const vector = await made(recipe);
      expect(vector.output).toEqual(thresholded(vector.input, rows, (i) => i % 3)(1, 0));
    }
  });

  it('is refused with rows for other channels, a scale that is not positive or a threshold that is none', () => {
    const refused = (t: NonNullable<ModelRecipe['initializers']>, attributes: Attributes = {}) => {
      const nodes = [node('MultiThreshold', 'x t', 'y', attributes, { ...GENERAL, name: 'm' })];
      return codeAndPlace({ shape: [1, 3, 2, 4], nodes, initializers: t });
    };
    const place = 'node m (qonnx.custom_op.general.MultiThreshold)';
    expect(refused({ t: floats([2, 1], [0, 1]) })).toEqual(['shape-mismatch', place]);
    expect(refused({ t: thresholds }, { out_scale: float(-1) })).toEqual(['operator-limit', place]);
    expect(refused({ t: floats([1, 1], [Number.NaN]) })).toEqual(['operator-limit', place]);
  });
});

describe('Im2Col and a matrix', () => {
  /** [kh][kw][C][O] -> [O][C][kh][kw] */
  const upright = (m: ArrayLike<number>, [kh, kw, c, o]: readonly [number, number, number, number]): number[] =>
    Array.from({ length: kh * kw * c * o }, (_, i) => {
      const x = i % kw;
      const y = Math.floor(i / kw) % kh;
      const channel = Math.floor(i / (kw * kh)) % c;
      const output = Math.floor(i / (kw * kh * c));
      return m[((y * kw + x) * c + channel) * o + output]!;
    });
  const dims = [3, 2, 4, 5] as const;
  const data = randomValues(120, randomSource(5));
  const initializers = { m: floats([24, 5], data) };
  const attributes = { kernel_size: [3, 2], stride: [2, 1], pad_amount: [1, 0, 1, 1], dilations: [1, 2] };
  const lowered = (more: Attributes = {}): BuiltNode[] => [
    toLast('x', 'l'),
    finn('Im2Col', 'l', 'p', { ...attributes, input_shape: '(1, 7, 6, 4)', ...more }),
    node('MatMul', 'p m', 'q'),
    toFirst('q', 'y'),
  ];

  it('are the convolution that they came from', async () => {
    const graph = await sameAs(
      { shape: [1, 4, 7, 6], nodes: lowered(), initializers },
      [node('Conv', 'x w', 'y', { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1], dilations: [1, 2] })],
      { w: floats([5, 4, 3, 2], upright(data, dims)) },
    );
    expect(graph.nodes.map((n) => n.kind)).toEqual(['conv']);
  });

  it('are a depthwise one where every output reads its own channel alone', async () => {
    const sparse = data.slice(0, 96).map((w, i) => (i % 4 === Math.floor(i / 4) % 4 ? w : 0));
    const m = floats([24, 4], sparse);
    const nodes = lowered({ depthwise: 1 });
    const graph = importOnnx(buildOnnx({ shape: [1, 4, 7, 6], nodes, initializers: { m } }));
    expect(graph.nodes).toMatchObject([{ kind: 'conv', groups: 4, weights: { shape: [4, 1, 3, 2] } }]);
    await sameAs(
      { shape: [1, 4, 7, 6], nodes, initializers: { m } },
      [node('Conv', 'x w', 'y', { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1], dilations: [1, 2] })],
      { w: floats([4, 4, 3, 2], upright(sparse, [3, 2, 4, 4])) },
    );
  });

  it('keep the codes of quantized weights', () => {
    const nodes = [
      node('BipolarQuant', 'm one', 'b', {}, GENERAL),
      ...lowered().map((n) => (n.operator === 'MatMul' ? node('MatMul', 'p b', 'q') : n)),
    ];
    const graph = importOnnx(
      buildOnnx({ shape: [1, 4, 7, 6], nodes, initializers: { ...initializers, one: floats([], [1]) } }),
    );
    const conv = graph.nodes.find((n): n is ConvNode => n.kind === 'conv')!;
    expect(conv.codes).toMatchObject({ bits: 1, bipolar: true });
    expect([...conv.codes!.values]).toEqual([...conv.weights.data]);
  });

  it('alone, or with pads that are no zeros, are refused by name', () => {
    const refused = (nodes: readonly BuiltNode[]) => codeAndPlace({ shape: [1, 4, 7, 6], nodes, initializers });
    const im2col = node('Im2Col', 'l', 'p', { ...attributes, pad_value: -1 }, { ...GENERAL, name: 'i' });
    expect(refused([toLast('x', 'l'), im2col, node('MatMul', 'p m', 'q')])).toEqual([
      'operator-limit',
      'node i (qonnx.custom_op.general.Im2Col)',
    ]);
    expect(refused([...lowered().slice(0, 2), node('Relu', 'p', 'y', {}, { name: 'r' })])).toEqual([
      'operator-limit',
      'node r (Relu)',
    ]);
    expect(refused(lowered().slice(0, 2))).toEqual(['graph-limit', 'output p']);
  });
});

describe('XnorPopcountMatMul', () => {
  const bits = Array.from({ length: 18 }, (_, i) => ((i * 7) % 5) % 2);

  it('counts the pairs of binary values that are alike', async () => {
    const t = floats([1, 1], [0]);
    const nodes = [finn('MultiThreshold', 'x t', 'b'), finn('XnorPopcountMatMul', 'b m', 'y')];
    const { graph, input, output } = await made({
      shape: [1, 6],
      nodes,
      initializers: { t, m: floats([6, 3], bits) },
    });
    const binary = Array.from(input, (x) => (x >= 0 ? 1 : 0));
    expect(output).toEqual([0, 1, 2].map((o) => binary.filter((a, k) => a === bits[k * 3 + o]).length));
    const dense = graph.nodes.find((n): n is DenseNode => n.kind === 'dense')!;
    expect(dense.codes).toMatchObject({ bits: 1, bipolar: true });
  });

  it('of patches is a convolution of bipolar weights', async () => {
    const t = floats([1, 1], [0]);
    const m = floats([4, 3], bits.slice(0, 12));
    const nodes = [
      finn('MultiThreshold', 'x t', 'b'),
      toLast('b', 'l'),
      finn('Im2Col', 'l', 'p', { kernel_size: [2, 2], stride: [1, 1], input_shape: '' }),
      finn('XnorPopcountMatMul', 'p m', 'q'),
      toFirst('q', 'y'),
    ];
    const { input, output } = await made({ shape: [1, 1, 3, 3], nodes, initializers: { t, m } });
    const a = (y: number, x: number): number => (input[y * 3 + x]! >= 0 ? 1 : 0);
    const alike = (o: number, y: number, x: number): number =>
      [0, 1, 2, 3].filter((k) => a(y + (k >> 1), x + (k & 1)) === bits[k * 3 + o]).length;
    const all = [0, 1, 2].flatMap((o) => [alike(o, 0, 0), alike(o, 0, 1), alike(o, 1, 0), alike(o, 1, 1)]);
    expect(output).toEqual(all);
  });
});

describe('operators of channels last', () => {
  const shape = [1, 3, 6, 5];
  const around = (operator: string, inputs: string, attributes: Attributes, domain: string): BuiltNode[] => [
    toLast('x', 'l'),
    node(operator, inputs.replace('x', 'l'), 'q', attributes, { domain }),
    toFirst('q', 'y'),
  ];
  const pool = { kernel_shape: [2, 3], strides: [2, 1], pads: [0, 1, 0, 1] };

  it('pool and normalize as those of channels first', async () => {
    const norm = Object.fromEntries(['g', 'b', 'm', 'v'].map((name, i) => [name, floats([3], [0.5 + i, 1, 2])]));
    for (const [operator, inputs, attributes] of [
      ['MaxPool', 'x', pool],
      ['AveragePool', 'x', { ...pool, count_include_pad: 1 }],
      ['BatchNormalization', 'x g b m v', {}],
    ] as const) {
      const recipe = { shape, nodes: around(operator, inputs, attributes, LAST.domain), initializers: norm };
      await sameAs(recipe, [node(operator, inputs, 'y', attributes)]);
    }
    await sameAs({ shape, nodes: around('MaxPoolNHWC', 'x', pool, GENERAL.domain) }, [node('MaxPool', 'x', 'y', pool)]);
  });

  it('convolve with weights of channels last', async () => {
    const data = randomValues(4 * 2 * 3 * 3, randomSource(8));
    // [O][kh][kw][C] -> [O][C][kh][kw]
    const first = Array.from(data, (_, i) => {
      const [x, y, c, o] = [i % 3, Math.floor(i / 3) % 2, Math.floor(i / 6) % 3, Math.floor(i / 18)];
      return data[((o * 2 + y) * 3 + x) * 3 + c]!;
    });
    const attributes = { kernel_shape: [2, 3], strides: [1, 2], pads: [0, 1, 1, 1], dilations: [1, 1], group: 1 };
    const nodes = around('Conv', 'x w bias', attributes, LAST.domain);
    const initializers = { w: floats([4, 2, 3, 3], data), bias: randomFloats([4], 2) };
    await sameAs({ shape, nodes, initializers }, [node('Conv', 'x v bias', 'y', attributes)], {
      v: floats([4, 3, 2, 3], first),
    });
  });

  it('QuantAvgPool2d adds integers and drops their lowest bits', async () => {
    const whole = (from: string, to: string): BuiltNode => node('Round', from, to);
    const attributes = { kernel: 3, stride: 1, ibits: 4, obits: 4, signed: 1 };
    const first = [whole('x', 'r'), finn('QuantAvgPool2d', 'r', 'y', attributes)];
    const last = [
      whole('x', 'r'),
      toLast('r', 'l'),
      finn('QuantAvgPool2d', 'l', 'q', { ...attributes, data_layout: 'NHWC' }),
      toFirst('q', 'y'),
    ];
    for (const nodes of [first, last]) {
      const { input, output } = await made({ shape: [1, 2, 4, 5], nodes }, 7);
      const at = (c: number, y: number, x: number): number => Math.round(input[(c * 4 + y) * 5 + x]!);
      // 15 * 9 = 135 has 8 bits: 4 are dropped.
      const expected = Array.from({ length: 2 * 2 * 3 }, (_, i) => {
        const [c, y, x] = [Math.floor(i / 6), Math.floor(i / 3) % 2, i % 3];
        let sum = 0;
        for (let k = 0; k < 9; k++) sum += at(c, y + Math.floor(k / 3), x + (k % 3));
        return plain(Math.floor(sum / 16));
      });
      expect(output).toEqual(expected);
    }
  });
});
