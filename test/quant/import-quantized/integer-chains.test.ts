/** Models in the dialects of integers, from their ONNX file to the integer network: every layer exact, the outputs ONNX Runtime's. */
import { describe, expect, it } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import { openFloatModel } from '../../../src/frontend/float-model.js';
import { graphToOnnx } from '../../../src/frontend/graph-to-onnx.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { runGolden } from '../../../src/quant/golden.js';
import { importQuantized } from '../../../src/quant/import-quantized/import-quantized.js';
import type { IntegerNetwork } from '../../../src/quant/network.js';
import { inputCodes, modelOutput } from '../../../src/quant/numerics.js';
import {
  type BuiltNode,
  buildOnnx,
  codes,
  floats,
  type ModelRecipe,
  node,
  randomCodes,
  randomValues,
  TYPES,
} from '../../support/onnx-builder.js';
import { gridConstants } from '../../support/qdq.js';
import { expectExact } from './same-codes.js';

const WIDTHS = { mBits: 34, bBits: 64, nBits: 6 };
const SHAPE = [1, 2, 5, 5];
const FRAMES = 4;

interface Run {
  /** Whole numbers in this range, or real ones. */
  readonly low: number;
  readonly high: number;
  readonly whole?: boolean;
  /** The model as its graph, written back: for operators that ONNX Runtime has not. */
  readonly written?: boolean;
  readonly input?: { readonly bits: number; readonly scale: number; readonly zero: number };
  readonly shape?: readonly number[];
}

/** Largest difference of any output value. */
async function outputsAgree(recipe: ModelRecipe, run: Run): Promise<{ network: IntegerNetwork; worst: number }> {
  const shape = run.shape ?? SHAPE;
  const bytes = buildOnnx({ shape, ...recipe });
  const graph = importOnnx(bytes);
  const network = importQuantized(graph, { widths: WIDTHS, ...(run.input && { input: run.input }) });
  expectExact(network);
  const model = await openFloatModel(run.written ? graphToOnnx(graph) : bytes, { asWritten: true });
  const random = randomSource(11);
  let worst = 0;
  for (let frame = 0; frame < FRAMES; frame++) {
    const size = shape.reduce((a, b) => a * b, 1);
    const real = randomValues(size, random, run.low, run.high);
    const input = run.whole ? real.map(Math.round) : real;
    const [expected] = (await model.run(input)).values();
    const values = runGolden(network, inputCodes(network, input));
    const found = modelOutput(network, values.get(network.outputs[0]!.tensor)!);
    expect(found.length).toBe(expected!.length);
    for (const [i, x] of expected!.entries()) worst = Math.max(worst, Math.abs(found[i]! - x));
  }
  await model.close();
  return { network, worst };
}

const whole = (shape: readonly number[], seed: number, size: number) => {
  const random = randomSource(seed);
  return floats(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.integer(-size, size)),
  );
};

/** Conv, Mul, Add, Div, Floor, Clip. */
const block = (from: string, i: number, to: string): BuiltNode[] => [
  node('Conv', `${from} w${i}`, `c${i}`, { pads: [1, 1, 1, 1] }),
  node('Mul', `c${i} m${i}`, `p${i}`),
  node('Add', `p${i} b${i}`, `s${i}`),
  node('Div', `s${i} d`, `q${i}`),
  node('Floor', `q${i}`, `f${i}`),
  node('Clip', `f${i} zero top`, to),
];

describe('integers in float clothes', () => {
  it.each([256, 300])(
    'NEMO and Quantlab: products, sums, a division by %i, Floor and Clip are one requantizer',
    async (d) => {
      const recipe = {
        nodes: [
          ...block('x', 1, 'a'),
          ...block('a', 2, 'b'),
          node('GlobalAveragePool', 'b', 'g'),
          node('Floor', 'g', 'h'),
          node('Conv', 'h w3', 'y'),
        ],
        initializers: {
          ...{ w1: whole([4, 2, 3, 3], 1, 7), w2: whole([3, 4, 3, 3], 2, 4), w3: whole([5, 3, 1, 1], 5, 20) },
          ...{ m1: floats([1, 4, 1, 1], [3, 7, -5, 12]), m2: floats([1, 3, 1, 1], [9, 2, 31]) },
          ...{ b1: whole([1, 4, 1, 1], 3, 900), b2: whole([1, 3, 1, 1], 4, 900) },
          ...{ d: floats([], [d]), zero: floats([], [0]), top: floats([], [255]) },
        },
      };
      const input = { bits: 8, scale: 1, zero: 0 };
      const { network, worst } = await outputsAgree(recipe, { low: 0, high: 255, whole: true, input });
      expect(worst).toBe(0);
      expect(network.layers.map(({ kind }) => kind)).toEqual(['conv', 'conv', 'conv', 'conv']);
    },
  );
});

describe('a rounding without a range', () => {
  it('is refused, not tried code by code', () => {
    const nodes = [
      node('QuantizeLinear', 'x a.s a.z', 'q'),
      node('DequantizeLinear', 'q a.s a.z', 'f'),
      node('Mul', 'f f', 'p'),
      node('Floor', 'p', 'r'),
      node('Conv', 'r w', 'y'),
    ];
    const graph = importOnnx(
      buildOnnx({
        shape: SHAPE,
        nodes,
        initializers: { ...gridConstants('a', { scale: 1 }), w: whole([1, 2, 1, 1], 1, 3) },
      }),
    );
    expect(() => importQuantized(graph, { widths: WIDTHS })).toThrow('a quantizer has no range');
  });
});

describe('a division in front of the first quantizer', () => {
  it('is one, and no product with the inverse', async () => {
    const nodes = [
      node('Div', 'x d', 'r'),
      node('QuantizeLinear', 'r a.s a.z', 'q'),
      node('DequantizeLinear', 'q a.s a.z', 'f'),
      node('MaxPool', 'f', 'y', { kernel_shape: [1, 1] }),
    ];
    const initializers = { ...gridConstants('a', { scale: 1 / 170, type: 'uint8' }), d: floats([], [255]) };
    const { network, worst } = await outputsAgree({ nodes, initializers }, { low: 0, high: 255, whole: true });
    expect(worst).toBe(0);
    expect(network.inputs[0]!.quantizer!.before).toEqual([
      { scale: [255], divides: true, shift: [0], min: null, max: null },
    ]);
  });
});

describe('codes at both ends', () => {
  it('uint8 in and out, every layer on codes', async () => {
    const nodes = [
      node('QLinearConv', 'x x.s x.z w w.s w.z h.s h.z', 'h', { pads: [1, 1, 1, 1] }),
      node('QLinearConv', 'h h.s h.z v w.s w.z y.s y.z', 'y'),
    ];
    const initializers = {
      ...gridConstants('x', { scale: 1 / 32, zero: 100, type: 'uint8' }),
      ...gridConstants('w', { scale: 1 / 128, type: 'int8' }),
      ...gridConstants('h', { scale: 1 / 4, zero: 9, type: 'uint8' }),
      ...gridConstants('y', { scale: 4, zero: 100, type: 'uint8' }),
      w: randomCodes('int8', [3, 2, 3, 3], 1, [-128, 127]),
      v: randomCodes('int8', [4, 3, 1, 1], 2, [-128, 127]),
    };
    const inputs = [{ name: 'x', shape: SHAPE, elementType: TYPES.uint8 }];
    const { network, worst } = await outputsAgree({ nodes, initializers, inputs }, { low: 0, high: 255, whole: true });
    expect(worst).toBe(0);
    expect(network.modelOutputs).toMatchObject([{ name: 'y', type: 'uint8' }]);
  });

  it('ConvInteger, cast and scaled', async () => {
    const nodes = [
      node('ConvInteger', 'x w xz', 's'),
      node('Cast', 's', 'f', { to: TYPES.float }),
      node('Mul', 'f k', 'r'),
      node('QuantizeLinear', 'r a.s a.z', 'q'),
      node('DequantizeLinear', 'q a.s a.z', 'y'),
    ];
    const initializers = {
      ...gridConstants('a', { scale: 1 / 4, zero: 3 }),
      ...{ xz: codes('uint8', [], [77]), k: floats([], [1 / 512]), w: randomCodes('uint8', [3, 2, 3, 3], 1, [0, 255]) },
    };
    const inputs = [{ name: 'x', shape: SHAPE, elementType: TYPES.uint8 }];
    expect((await outputsAgree({ nodes, initializers, inputs }, { low: 0, high: 255, whole: true })).worst).toBe(0);
  });

  it('codes on another grid than they were made on', async () => {
    const nodes = [
      node('QuantizeLinear', 'x a.s a.z', 'q'),
      node('DequantizeLinear', 'q b.s b.z', 'f'),
      node('DequantizeLinear', 'w w.s w.z', 'v'),
      node('Conv', 'f v', 'c', { pads: [1, 1, 1, 1] }),
      node('QuantizeLinear', 'c o.s o.z', 'o'),
      node('DequantizeLinear', 'o o.s o.z', 'y'),
    ];
    const initializers = {
      ...gridConstants('a', { scale: 1 / 8, zero: 3 }),
      ...gridConstants('b', { scale: 1 / 4, zero: -2 }),
      ...gridConstants('w', { scale: 1 / 128 }),
      ...gridConstants('o', { scale: 1 / 2, zero: 5 }),
      w: randomCodes('int8', [3, 2, 3, 3], 1, [-128, 127]),
    };
    expect((await outputsAgree({ nodes, initializers }, { low: -20, high: 20 })).worst).toBe(0);
  });
});

describe('FINN', () => {
  it('thresholds, patches and matrices of bipolar weights', async () => {
    const GENERAL = { domain: 'finn.custom_op.general' };
    const finn = (operator: string, inputs: string, output: string, attributes = {}): BuiltNode =>
      node(operator, inputs, output, attributes, GENERAL);
    const random = randomSource(3);
    const signs = (shape: readonly number[]) =>
      floats(
        shape,
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * random.integer(0, 1) - 1),
      );
    const rows = (channels: number, steps: readonly number[]) =>
      floats([channels, steps.length], Array.from({ length: channels }, (_, c) => steps.map((t) => t + 3 * c)).flat());
    const last = { data_layout: 'NHWC' };
    const nodes = [
      node('Transpose', 'x', 'l', { perm: [0, 2, 3, 1] }),
      finn('Im2Col', 'l', 'p1', { kernel_size: [3, 3], stride: [1, 1], pad_amount: [1, 1, 1, 1], input_shape: '' }),
      node('MatMul', 'p1 m1', 'c1'),
      finn('MultiThreshold', 'c1 t1', 'a1', last),
      finn('MaxPoolNHWC', 'a1', 'a2', { kernel_shape: [2, 2], strides: [1, 1], pads: [0, 0, 0, 0] }),
      finn('Im2Col', 'a2', 'p2', { kernel_size: [2, 2], stride: [2, 2], input_shape: '' }),
      node('MatMul', 'p2 m2', 'c2'),
      finn('MultiThreshold', 'c2 t2', 'a3', { ...last, out_scale: 2, out_bias: -1 }),
      node('Flatten', 'a3', 'f'),
      node('MatMul', 'f m3', 'y'),
    ].map((n) =>
      n.attributes.out_scale === undefined
        ? n
        : { ...n, attributes: { ...n.attributes, out_scale: { float: 2 }, out_bias: { float: -1 } } },
    );
    const initializers = {
      ...{ m1: signs([18, 4]), m2: signs([16, 6]), m3: signs([24, 5]) },
      // Even steps, and uneven ones.
      ...{ t1: rows(4, [-400, -100, 200]), t2: rows(6, [2]) },
    };
    const input = { bits: 8, scale: 1, zero: 0 };
    const { worst } = await outputsAgree(
      { nodes, initializers },
      { low: 0, high: 255, whole: true, written: true, input },
    );
    expect(worst).toBe(0);
  });
});

describe('QONNX', () => {
  const GENERAL = { domain: 'qonnx.custom_op.general' };
  const of = (operator: string, inputs: string, output: string, attributes = {}): BuiltNode =>
    node(operator, inputs, output, attributes, GENERAL);
  const scalars = (values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, floats([], [value])]));
  const weights = { w: whole([3, 2, 3, 3], 2, 3) };
  const layer = [
    of('Quant', 'x s z n', 'a', { signed: 1, narrow: 0 }),
    node('Conv', 'a w', 'c', { pads: [1, 1, 1, 1] }),
  ];
  const grid = scalars({ s: 0.25, z: 0, n: 6 });
  const run = { low: -9, high: 9, written: true } as const;

  it('Trunc drops the lowest bits of sums, with a zero point too', async () => {
    for (const zero of [0, 3]) {
      const nodes = [
        ...layer,
        of('Trunc', 'c s tz in os oz out', 'y', { signed: 1, narrow: 0, rounding_mode: 'FLOOR' }),
      ];
      const constants = scalars({ tz: zero, in: 12, os: 4, oz: zero / 16, out: 8 });
      expect((await outputsAgree({ nodes, initializers: { ...grid, ...weights, ...constants } }, run)).worst).toBe(0);
    }
  });

  it('bipolar activations with a scale for each channel', async () => {
    const nodes = [...layer, of('BipolarQuant', 'c t', 'b'), node('Conv', 'b v', 'y')];
    const more = { t: floats([1, 3, 1, 1], [1, 0.5, 2]), v: whole([4, 3, 1, 1], 3, 5) };
    expect((await outputsAgree({ nodes, initializers: { ...grid, ...weights, ...more } }, run)).worst).toBe(0);
  });

  it('pools of integers that drop bits', async () => {
    const pool = { kernel: 2, stride: 1, ibits: 4, obits: 4, signed: 0 };
    const nodes = [
      ...layer,
      of('MultiThreshold', 'c t', 'm', { out_dtype: 'UINT4' }),
      of('QuantAvgPool2d', 'm', 'p', pool),
      node('Conv', 'p v', 'y'),
    ];
    const t = floats(
      [1, 15],
      Array.from({ length: 15 }, (_, i) => 4 * i - 20),
    );
    const initializers = { ...grid, ...weights, t, v: whole([4, 3, 1, 1], 3, 5) };
    expect((await outputsAgree({ nodes, initializers }, run)).worst).toBe(0);
  });
});
