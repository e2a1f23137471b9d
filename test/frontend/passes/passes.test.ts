import { describe, expect, it } from 'vitest';
import type { AffineNode, ConvNode, DenseNode, Graph } from '../../../src/frontend/graph.js';
import { floats, type ModelRecipe, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const kinds = (graph: Graph): readonly string[] => graph.nodes.map((n) => n.kind);
const CHANNELS = 3;
const channelwise = (seed: number) => randomFloats([CHANNELS, 1, 1], seed);
const initializers = {
  w: randomFloats([3, 3, 3, 3], 1),
  b: randomFloats([3], 2),
  k: channelwise(3),
  m: channelwise(4),
  n: channelwise(5),
  scale: randomFloats([3], 6),
  bias: randomFloats([3], 7),
  mean: randomFloats([3], 8),
  variance: floats([3], [0.5, 1, 2]),
  v: randomFloats([108, 4], 9),
  six: floats([], [6]),
  one: floats([], [1]),
  zero: floats([], [0]),
};
const model = (...nodes: ModelRecipe['nodes']): ModelRecipe => ({ nodes, initializers });
const conv = node('Conv', 'x w b', 'c');
const norm = (from: string, to: string) => node('BatchNormalization', `${from} scale bias mean variance`, to);

describe('fuse-affine', () => {
  it('folds batch norm, constants and clamps into the convolution before them', async () => {
    const graph = await sameAsRuntime(
      model(
        conv,
        norm('c', 'd'),
        node('Mul', 'd k', 'e'),
        node('Sub', 'm e', 'f'),
        node('Add', 'f n', 'g'),
        node('Relu', 'g', 'h'),
        node('Clip', 'h _ six', 'y'),
      ),
    );
    expect(graph.nodes).toMatchObject([
      { kind: 'conv', name: 'c', output: 'y', sources: ['c', 'd', 'e', 'f', 'g', 'h', 'y'], clamp: { min: 0, max: 6 } },
    ]);
    expect([...graph.tensors.keys()]).toEqual(['x', 'y']);
  });

  it('multiplies weights and biases by hand', async () => {
    const graph = await sameAsRuntime({
      shape: [1, 1, 2, 2],
      nodes: [node('Conv', 'x w b', 'c'), node('Mul', 'c k', 'd'), node('Add', 'd m', 'y')],
      initializers: {
        w: floats([2, 1, 1, 2], [1, 2, 3, 4]),
        b: floats([2], [5, 6]),
        k: floats([2, 1, 1], [10, -1]),
        m: floats([2, 1, 1], [0.5, 7]),
      },
    });
    const [only] = graph.nodes as [ConvNode];
    expect([...only.weights.data]).toEqual([10, 20, -3, -4]);
    // 5*10 + 0.5 and 6*-1 + 7
    expect([...only.bias.data]).toEqual([50.5, 1]);
  });

  it('folds into dense layers and into affine nodes', async () => {
    const dense = await sameAsRuntime(
      model(
        conv,
        node('Flatten', 'c', 'f'),
        node('Gemm', 'f v', 'g'),
        node('Mul', 'g six', 'h'),
        node('Relu', 'h', 'y'),
      ),
    );
    expect(kinds(dense)).toEqual(['conv', 'dense']);
    const affine = await sameAsRuntime(model(node('Mul', 'x k', 'a'), node('Add', 'a m', 'e'), node('Relu', 'e', 'y')));
    expect(affine.nodes).toMatchObject([{ kind: 'affine', name: 'a', clamp: { min: 0, max: null } }]);
  });

  it('leaves a scale behind a clamp alone, and joins what comes after it', async () => {
    const graph = await sameAsRuntime(
      model(conv, node('Relu', 'c', 'd'), node('Mul', 'd k', 'e'), node('Add', 'e m', 'y')),
    );
    expect(graph.nodes).toMatchObject([
      { kind: 'conv', output: 'd', clamp: { min: 0, max: null } },
      { kind: 'affine', name: 'e', output: 'y' },
    ]);
  });

  it('leaves what something else sees', async () => {
    const graph = await sameAsRuntime(model(conv, node('Mul', 'c k', 'd'), node('Add', 'c d', 'y')));
    expect(kinds(graph)).toEqual(['conv', 'affine', 'add']);
  });

  it('fuses clamps alone into additions and average pools', async () => {
    const sum = await sameAsRuntime(
      model(conv, node('Mul', 'c k', 'd'), node('Add', 'c d', 'e'), node('Relu', 'e', 'y')),
    );
    expect(sum.nodes[2]).toMatchObject({ kind: 'add', output: 'y', clamp: { min: 0, max: null } });
    const pool = node('AveragePool', 'x', 'p', { kernel_shape: [2, 2] });
    const mean = await sameAsRuntime(model(pool, node('Clip', 'p zero one', 'y')));
    expect(mean.nodes).toMatchObject([{ kind: 'averagepool', clamp: { min: 0, max: 1 } }]);
    const scaled = await sameAsRuntime(model(pool, node('Mul', 'p k', 'y')));
    expect(kinds(scaled)).toEqual(['averagepool', 'affine']);
  });

  it('takes the clamp of clamps, also where they do not overlap', async () => {
    const two = (first: readonly number[], second: readonly number[]): ModelRecipe => ({
      nodes: [conv, node('Clip', 'c a z', 'd'), node('Clip', 'd i j', 'y')],
      initializers: {
        ...initializers,
        a: floats([], [first[0]!]),
        z: floats([], [first[1]!]),
        i: floats([], [second[0]!]),
        j: floats([], [second[1]!]),
      },
    });
    for (const [first, second, min, max] of [
      [[-1, 0.5], [-0.25, 2], -0.25, 0.5],
      [[-1, 0], [0.25, 2], 0.25, 0.25],
      [[1, 2], [-1, 0.5], 0.5, 0.5],
    ] as const) {
      const graph = await sameAsRuntime(two(first, second));
      expect(graph.nodes).toMatchObject([{ clamp: { min, max } }]);
    }
  });
});

describe('absorb-affine', () => {
  it('folds a scale and shift into the convolution after it, where that does not pad', async () => {
    const graph = await sameAsRuntime(
      model(node('Sub', 'x m', 'a'), node('Mul', 'a k', 'e'), node('Conv', 'e w b', 'y')),
    );
    expect(graph.nodes).toMatchObject([{ kind: 'conv', name: 'y', input: 'x', sources: ['a', 'e', 'y'] }]);
  });

  it('folds a scale alone where it does', async () => {
    const padded = node('Conv', 'a w b', 'y', { pads: [1, 1, 1, 1] });
    expect(kinds(await sameAsRuntime(model(node('Mul', 'x k', 'a'), padded)))).toEqual(['conv']);
    expect(kinds(await sameAsRuntime(model(node('Add', 'x k', 'a'), padded)))).toEqual(['affine', 'conv']);
  });

  it('knows the input channels of groups', async () => {
    const six = (seed: number) => randomFloats([6], seed);
    const parameters = { scale: six(1), bias: six(2), mean: six(3), variance: floats([6], [1, 2, 3, 4, 5, 6]) };
    for (const [w, group] of [
      [[4, 3, 2, 2], 2],
      [[6, 1, 2, 2], 6],
      [[12, 1, 1, 1], 6],
    ] as const) {
      const nodes = [norm('x', 'a'), node('Conv', 'a w', 'y', { group })];
      const recipe = { shape: [1, 6, 4, 4], nodes, initializers: { ...parameters, w: randomFloats(w, 4) } };
      const graph = await sameAsRuntime(recipe);
      expect(kinds(graph)).toEqual(['conv']);
    }
  });

  it('folds into a dense layer over a map', async () => {
    const nodes = [
      node('MaxPool', 'x', 'p', { kernel_shape: [3, 3] }),
      node('Add', 'p k', 'a'),
      node('Mul', 'a m', 'e'),
    ];
    const graph = await sameAsRuntime(model(...nodes, node('Flatten', 'e', 'f'), node('Gemm', 'f v', 'y')));
    expect(kinds(graph)).toEqual(['maxpool', 'dense']);
    expect((graph.nodes[1] as DenseNode).sources).toEqual(['a', 'e', 'y']);
  });

  it('leaves what clamps, and what something else sees', async () => {
    const clamped = model(node('Add', 'x k', 'a'), node('Relu', 'a', 'e'), node('Conv', 'e w', 'y'));
    expect(kinds(await sameAsRuntime(clamped))).toEqual(['affine', 'conv']);
    const seen = model(
      node('Add', 'x k', 'a'),
      node('Conv', 'a w', 'd', { pads: [1, 1, 1, 1] }),
      node('Add', 'a d', 'y'),
    );
    expect(kinds(await sameAsRuntime(seen))).toEqual(['affine', 'conv', 'add']);
  });
});

describe('clamp-before-maxpool', () => {
  const pool = (from: string, to: string) => node('MaxPool', from, to, { kernel_shape: [2, 2] });

  it('moves a clamp into the convolution before the pool', async () => {
    const graph = await sameAsRuntime(model(conv, pool('c', 'p'), node('Relu', 'p', 'y')));
    expect(graph.nodes).toMatchObject([
      { kind: 'conv', clamp: { min: 0, max: null } },
      { kind: 'maxpool', name: 'p', output: 'y' },
    ]);
  });

  it('moves several clamps, one after the other', async () => {
    const graph = await sameAsRuntime(
      model(conv, pool('c', 'p'), node('Clip', 'p _ six', 'q'), node('Relu', 'q', 'y')),
    );
    expect(graph.nodes).toMatchObject([
      { kind: 'conv', clamp: { min: 0, max: 6 } },
      { kind: 'maxpool', output: 'y' },
    ]);
  });

  it('leaves the clamp where something else sees the tensors between, or the pool reads the input', async () => {
    const seen = model(conv, pool('c', 'p'), node('Relu', 'p', 'r'), node('Add', 'r p', 'y'));
    expect(kinds(await sameAsRuntime(seen))).toEqual(['conv', 'maxpool', 'affine', 'add']);
    expect(kinds(await sameAsRuntime(model(pool('x', 'p'), node('Relu', 'p', 'y'))))).toEqual(['maxpool', 'affine']);
  });

  it('leaves a scale, which may turn the order of values around', async () => {
    expect(kinds(await sameAsRuntime(model(conv, pool('c', 'p'), node('Mul', 'p k', 'y'))))).toEqual([
      'conv',
      'maxpool',
      'affine',
    ]);
  });
});

describe('remove-identity', () => {
  it('takes out what changes nothing', async () => {
    const graph = await sameAsRuntime(
      model(node('Mul', 'x one', 'a'), node('MaxPool', 'a', 'p', { kernel_shape: [2, 2] }), node('Add', 'p zero', 'y')),
    );
    expect(graph.nodes).toMatchObject([{ kind: 'maxpool', input: 'x' }]);
    expect(graph.modelOutputs[0]!.name).toBe('y');
  });

  it('keeps the one node there is', async () => {
    const graph = await sameAsRuntime(model(node('Mul', 'x one', 'a'), node('Add', 'a zero', 'y')));
    expect(kinds(graph)).toEqual(['affine']);
    expect((graph.nodes[0] as AffineNode).input).toBe('x');
  });
});
