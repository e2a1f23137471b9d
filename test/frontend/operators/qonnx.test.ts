import { describe, expect, it } from 'vitest';
import { openFloatModel } from '../../../src/frontend/float-model.js';
import type { ConvNode, DenseNode, GraphNode, QuantNode } from '../../../src/frontend/graph.js';
import { graphToOnnx } from '../../../src/frontend/graph-to-onnx.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace } from '../../support/import-refusals.js';
import {
  type BuiltAttribute,
  type BuiltTensor,
  buildOnnx,
  floats,
  ints,
  type ModelRecipe,
  node,
  randomFloats,
} from '../../support/onnx-builder.js';

const DOMAINS = ['', 'onnx.brevitas', 'qonnx.custom_op.general', 'finn.custom_op.general'];
const GENERAL = { domain: 'qonnx.custom_op.general' };
type Attributes = Readonly<Record<string, BuiltAttribute>>;

const nodesOf = (recipe: ModelRecipe): readonly GraphNode[] => importOnnx(buildOnnx(recipe)).nodes;
const constants = (scale: number, zero: number, bits: number): Record<string, BuiltTensor> => ({
  s: floats([], [scale]),
  z: floats([], [zero]),
  n: floats([], [bits]),
});

/** One Quant on a vector. */
function activation(attributes: Attributes, initializers: Record<string, BuiltTensor>, more = GENERAL): ModelRecipe {
  return { shape: [1, 13], nodes: [node('Quant', 'x s z n', 'y', attributes, more)], initializers };
}

/** A convolution whose weights are quantized. */
function weights(
  operator: string,
  data: BuiltTensor,
  initializers: Record<string, BuiltTensor>,
  attributes: Attributes = {},
): ModelRecipe {
  return {
    shape: [1, 2, 4, 4],
    nodes: [
      node('BipolarQuant', 'x one', 'xq', {}, GENERAL),
      node(operator, operator === 'Quant' ? 'w s z n' : 'w s', 'wq', attributes, GENERAL),
      node('Conv', 'xq wq', 'y'),
    ],
    initializers: { w: data, one: floats([], [1]), ...initializers },
  };
}

const conv = (recipe: ModelRecipe): ConvNode => nodesOf(recipe).find((n): n is ConvNode => n.kind === 'conv')!;

async function run(recipe: ModelRecipe, input: readonly number[]): Promise<number[]> {
  const graph = importOnnx(buildOnnx(recipe));
  const model = await openFloatModel(graphToOnnx(graph));
  const found = (await model.run(Float32Array.from(input))).get(graph.modelOutputs[0]!.name)!;
  await model.close();
  return [...found].map((x) => (x === 0 ? 0 : x));
}

/** In steps of the scale. */
const STEPS = [-2.5, -1.75, -1.5, -1.25, -0.5, -0.25, 0, 0.25, 0.5, 1.25, 1.5, 1.75, 2.5];

describe('Quant', () => {
  const modes: [string, readonly number[]][] = [
    ['ROUND', [-2, -2, -2, -1, 0, 0, 0, 0, 0, 1, 2, 2, 2]],
    ['round', [-2, -2, -2, -1, 0, 0, 0, 0, 0, 1, 2, 2, 2]],
    ['HALF_EVEN', [-2, -2, -2, -1, 0, 0, 0, 0, 0, 1, 2, 2, 2]],
    ['CEIL', [-2, -1, -1, -1, 0, 0, 0, 1, 1, 2, 2, 2, 3]],
    ['FLOOR', [-3, -2, -2, -2, -1, -1, 0, 0, 0, 1, 1, 1, 2]],
    ['UP', [-3, -2, -2, -2, -1, -1, 0, 1, 1, 2, 2, 2, 3]],
    ['DOWN', [-2, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 2]],
    ['ROUND_TO_ZERO', [-2, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 2]],
    ['HALF_UP', [-3, -2, -2, -1, -1, 0, 0, 0, 1, 1, 2, 2, 3]],
    ['HALF_DOWN', [-2, -2, -1, -1, 0, 0, 0, 0, 0, 1, 1, 2, 2]],
  ];
  it.each(modes)('rounds by %s as worked out by hand, activations and weights alike', async (mode, expected) => {
    const recipe = activation({ rounding_mode: mode, signed: 1, narrow: 0 }, constants(0.5, 0, 8));
    expect(
      await run(
        recipe,
        STEPS.map((x) => x / 2),
      ),
    ).toEqual(expected.map((x) => x / 2));
    const matrix = floats(
      [13, 1],
      STEPS.map((x) => x / 2),
    );
    const dense = nodesOf({
      shape: [1, 13],
      nodes: [
        node('BipolarQuant', 'x s', 'xq', {}, GENERAL),
        node('Quant', 'w s z n', 'wq', { rounding_mode: mode, signed: 1, narrow: 0 }, GENERAL),
        node('MatMul', 'xq wq', 'y'),
      ],
      initializers: { w: matrix, ...constants(0.5, 0, 8) },
    }).at(-1) as DenseNode;
    expect([...dense.codes!.values]).toEqual(expected);
    expect([...dense.weights.data].map((x) => (x === 0 ? 0 : x))).toEqual(expected.map((x) => x / 2));
  });

  it('has the range of its sign, width and narrowness', () => {
    const range = (signed: number, narrow: number, bits: number): number[] => {
      const [made] = nodesOf(activation({ signed, narrow }, constants(1, 0, bits))) as [QuantNode];
      return made.quantizer.kind === 'uniform' ? [made.quantizer.lo, made.quantizer.hi] : [];
    };
    expect(range(1, 0, 3)).toEqual([-4, 3]);
    expect(range(1, 1, 3)).toEqual([-3, 3]);
    expect(range(0, 0, 3)).toEqual([0, 7]);
    expect(range(0, 1, 3)).toEqual([0, 6]);
    expect(range(0, 0, 1)).toEqual([0, 1]);
    expect(range(0, 0, 16)).toEqual([0, 65535]);
  });

  it('of one signed bit is bipolar', async () => {
    const recipe = activation({ signed: 1, narrow: 1 }, constants(0.5, 0, 1));
    expect(await run(recipe, STEPS)).toEqual(STEPS.map((x) => (x >= 0 ? 0.5 : -0.5)));
    expect(conv(weights('Quant', randomFloats([3, 2, 2, 2], 1), constants(0.5, 0, 1))).codes).toMatchObject({
      bipolar: true,
      bits: 1,
    });
  });

  it('adds the zero point before it rounds, halves too', async () => {
    const recipe = activation({ signed: 0, narrow: 0 }, constants(1, 1.5, 3));
    // 0.25 + 1.5 = 1.75 -> 2 -> 0.5; -1.75 + 1.5 = -0.25 -> 0 -> -1.5; 0 + 1.5 -> 2 -> 0.5
    expect(await run(recipe, [0.25, -1.75, 0, 9, -9, 0, 0, 0, 0, 0, 0, 0, 0])).toEqual([
      ...[0.5, -1.5, 0.5, 5.5, -1.5],
      ...new Array(8).fill(0.5),
    ]);
  });

  it('is the same under every domain, said to be of some version or not, and under its newer name', () => {
    const of = (domain: string, operator = 'Quant', domains = {}) =>
      nodesOf({
        ...activation({}, constants(1, 0, 4)),
        nodes: [node(operator, 'x s z n', 'y', {}, { domain })],
        domains,
      });
    const expected = of(DOMAINS[1]!);
    for (const domain of DOMAINS) {
      expect(of(domain)).toEqual(expected);
      expect(of(domain, 'IntQuant')).toEqual(expected);
      if (domain !== '') expect(of(domain, 'Quant', { [domain]: 2 })).toEqual(expected);
    }
  });

  it('has a scale and zero point for each channel', async () => {
    const recipe: ModelRecipe = {
      shape: [1, 2, 1, 2],
      nodes: [
        node('MaxPool', 'x', 'p', { kernel_shape: [1, 1] }),
        node('Quant', 'p s z n', 'y', { signed: 1, narrow: 0 }, GENERAL),
      ],
      initializers: { s: floats([1, 2, 1, 1], [1, 0.25]), z: floats([2, 1, 1], [0, 1]), n: ints([], [3]) },
    };
    expect(await run(recipe, [1.4, 9, 0.4, 9])).toEqual([1, 3, 0.5, 0.5]);
  });

  it('of weights has a scale for each output, and subtracts whole zero points', () => {
    const scale = floats([3, 1, 1, 1], [1, 0.5, 0.25]);
    const made = conv(
      weights('Quant', randomFloats([3, 2, 2, 2], 1), { ...constants(1, 2, 4), s: scale }, { signed: 0, narrow: 0 }),
    );
    // 0..15 less 2: -2..13
    expect(made.codes).toMatchObject({ bits: 5, scale: Float32Array.of(1, 0.5, 0.25) });
    expect([...made.weights.data]).toEqual(
      Array.from(made.codes!.values, (code, i) => code * [1, 0.5, 0.25][Math.floor(i / 8)]! + 0),
    );
  });

  it('of a bias may have 32 bits, and is a float32 bias then', () => {
    const made = conv({
      ...weights('Quant', randomFloats([2, 2, 2, 2], 1), constants(0.25, 0, 4)),
      nodes: [
        node('BipolarQuant', 'x one', 'xq', {}, GENERAL),
        node('Quant', 'w s z n', 'wq', {}, GENERAL),
        node('Quant', 'b bs z wide', 'bq', {}, GENERAL),
        node('Conv', 'xq wq bq', 'y'),
      ],
      initializers: {
        ...{ w: randomFloats([2, 2, 2, 2], 1), one: floats([], [1]), ...constants(0.25, 0, 4) },
        ...{ b: floats([2], [1000.1, -0.07]), bs: floats([], [0.125]), wide: floats([], [32]) },
      },
    });
    expect(made.bias.data).toEqual(Float32Array.of(1000.125, -0.125));
    expect(made.codes).toMatchObject({ bits: 4 });
  });

  it('says in its refusals which constant is at fault', () => {
    const of = (initializers: Record<string, BuiltTensor>, attributes: Attributes = {}) =>
      codeAndPlace(activation(attributes, { ...constants(1, 0, 4), ...initializers }));
    const place = 'node y (qonnx.custom_op.general.Quant)';
    expect(of({ s: floats([], [0]) })).toEqual(['operator-limit', place]);
    expect(of({ s: floats([], [-1]) })).toEqual(['operator-limit', place]);
    expect(of({ n: floats([], [2.5]) })).toEqual(['operator-limit', place]);
    expect(of({ n: floats([], [17]) })).toEqual(['operator-limit', place]);
    expect(of({ s: floats([1, 4], [1, 1, 1, 1]) })).toEqual(['shape-mismatch', place]);
    expect(of({}, { rounding_mode: 'SOMEHOW' })).toEqual(['operator-limit', place]);
    const fraction = weights('Quant', randomFloats([3, 2, 2, 2], 1), constants(1, 0.5, 4));
    expect(codeAndPlace(fraction)).toEqual(['operator-limit', 'node wq (qonnx.custom_op.general.Quant)']);
  });
});

describe('BipolarQuant', () => {
  it('takes zero for positive', async () => {
    for (const domain of DOMAINS) {
      const recipe: ModelRecipe = {
        shape: [1, 13],
        nodes: [node('BipolarQuant', 'x s', 'y', {}, { domain })],
        initializers: { s: floats([1], [0.75]) },
      };
      expect(await run(recipe, STEPS)).toEqual(STEPS.map((x) => (x >= 0 ? 0.75 : -0.75)));
    }
  });

  it('gives weights the codes -1 and +1, with a scale for each output', () => {
    const made = conv(weights('BipolarQuant', randomFloats([3, 2, 2, 2], 1), { s: floats([3, 1, 1, 1], [1, 2, 4]) }));
    expect(made.codes).toMatchObject({ bits: 1, bipolar: true, scale: Float32Array.of(1, 2, 4) });
    expect(new Set(made.codes!.values)).toEqual(new Set([-1, 1]));
    expect([...made.weights.data]).toEqual(
      Array.from(made.codes!.values, (code, i) => code * [1, 2, 4][Math.floor(i / 8)]!),
    );
  });

  it('of activations may have a scale for each channel', async () => {
    const recipe: ModelRecipe = {
      shape: [1, 2],
      nodes: [node('BipolarQuant', 'x s', 'y', {}, GENERAL)],
      initializers: { s: floats([1, 2], [1, 2]) },
    };
    expect(nodesOf(recipe).map((n) => n.kind)).toEqual(['quant', 'affine']);
    expect(await run(recipe, [-0.5, 0])).toEqual([-1, 2]);
  });
});

describe('Trunc', () => {
  const trunc = (inputs: string, attributes: Attributes = {}): ModelRecipe => ({
    shape: [1, 8],
    nodes: [node('Trunc', `x ${inputs}`, 'y', attributes, GENERAL)],
    initializers: {
      ...{ s: floats([], [0.5]), z: floats([], [0]), in: floats([], [6]), out: floats([], [4]) },
      ...{ os: floats([], [2]), one: floats([], [1]), odd: floats([], [1.5]), quarter: floats([], [0.25]) },
    },
  });
  // In steps of 0.5: 5, -5, 7, 8, -1, 30, -30, 0; a quarter of them 1.25, -1.25, 1.75, 2, -0.25, 7.5, -7.5, 0.
  const INPUT = [2.5, -2.5, 3.5, 4, -0.5, 15, -15, 0];

  it('of the first form drops low bits and keeps the scale', async () => {
    expect(await run(trunc('s z in out'), INPUT)).toEqual([0.5, -1, 0.5, 1, -0.5, 3.5, -4, 0]);
    expect(await run(trunc('s z in out', { rounding_mode: 'CEIL' }), INPUT)).toEqual([1, -0.5, 1, 1, 0, 4, -3.5, 0]);
  });

  it('of the second form has a scale of its own, and clamps', async () => {
    const second = (attributes: Attributes) => run(trunc('s z in os z out', attributes), INPUT);
    expect(await second({ signed: 1, narrow: 0 })).toEqual([2, -4, 2, 4, -2, 14, -16, 0]);
    expect(await second({ signed: 1, narrow: 0, rounding_mode: 'ROUND' })).toEqual([2, -2, 4, 4, 0, 14, -16, 0]);
    expect(await second({ signed: 0, narrow: 0 })).toEqual([2, 0, 2, 4, 0, 14, 0, 0]);
  });

  it('adds a zero point before it drops bits, and takes off what is left of it', async () => {
    // 6, -4, 8, 9, 0, 31, -29, 1; a quarter of them 1.5, -1, 2, 2.25, 0, 7.75, -7.25, 0.25.
    expect(await run(trunc('s one in out'), INPUT)).toEqual([0, -1, 0.5, 0.5, -0.5, 3, -4.5, -0.5]);
    const second = trunc('s one in os quarter out', { signed: 1, narrow: 0 });
    expect(await run(second, INPUT)).toEqual([1.5, -2.5, 3.5, 3.5, -0.5, 13.5, -16.5, -0.5]);
  });

  it('is refused with a zero point between codes, or where the scales are no power of two apart', () => {
    const place = 'node y (qonnx.custom_op.general.Trunc)';
    expect(codeAndPlace(trunc('s odd in out'))).toEqual(['operator-limit', place]);
    expect(codeAndPlace(trunc('s one in os z out'))).toEqual(['operator-limit', place]);
    expect(codeAndPlace(trunc('s z in odd z out'))).toEqual(['operator-limit', place]);
  });
});
