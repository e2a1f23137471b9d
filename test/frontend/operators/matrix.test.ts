import { describe, expect, it } from 'vitest';
import type { ConvNode, DenseNode } from '../../../src/frontend/graph.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import {
  buildOnnx,
  float,
  floats,
  ints as intsOf,
  type ModelRecipe,
  node,
  randomFloats,
} from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const W = randomFloats([6, 4], 1);
const matmul = (shape: readonly number[], weights: readonly number[], inputs = 'x w'): ModelRecipe => ({
  shape,
  nodes: [node('MatMul', inputs, 'y')],
  initializers: { w: randomFloats(weights, 1) },
});

describe('Gemm', () => {
  it('is a dense layer, its weights one row for each output', () => {
    const graph = importOnnx(
      buildOnnx({
        shape: [1, 2],
        nodes: [node('Gemm', 'x w b', 'y', { alpha: float(2), beta: float(3) })],
        initializers: { w: floats([2, 3], [1, 2, 3, 4, 5, 6]), b: floats([3], [1, 0, -1]) },
      }),
    );
    expect(graph.nodes).toEqual([
      {
        kind: 'dense',
        name: 'y',
        sources: ['y'],
        input: 'x',
        output: 'y',
        weights: { shape: [3, 2], data: Float32Array.of(2, 8, 4, 10, 6, 12) },
        bias: { shape: [3], data: Float32Array.of(3, 0, -3) },
        clamp: { min: null, max: null },
      },
    ]);
    expect(graph.modelOutputs).toEqual([{ name: 'y', value: 'y', shape: [1, 3], type: 'float32' }]);
  });

  it('computes what ONNX Runtime computes, transposed or not, with every form of bias', async () => {
    for (const transA of [0, 1]) {
      for (const transB of [0, 1]) {
        for (const bias of [null, [], [1], [4], [1, 4], [1, 1]]) {
          const shape = transA === 1 ? [6, 1] : [1, 6];
          await sameAsRuntime(
            {
              inputs: [{ name: 'x', shape }],
              nodes: [node('Gemm', bias === null ? 'x w' : 'x w b', 'y', { transA, transB, alpha: 0.5, beta: -1.5 })],
              initializers: {
                w: transB === 1 ? randomFloats([4, 6], 1) : W,
                ...(bias === null ? {} : { b: randomFloats(bias, 2) }),
              },
            },
            { inputs: 1, inputShape: shape },
          );
        }
      }
    }
  });

  it('is a 1x1 convolution where its rows are pixels', async () => {
    const graph = await sameAsRuntime({
      shape: [1, 6, 2, 3],
      nodes: [
        node('Transpose', 'x', 't', { perm: [0, 2, 3, 1] }),
        node('Reshape', 't s', 'r'),
        node('Gemm', 'r w b', 'y'),
      ],
      initializers: { s: ints([-1, 6]), w: W, b: randomFloats([4], 3) },
    });
    expect(graph.nodes).toMatchObject([{ kind: 'conv', kernel: [1, 1], weights: { shape: [4, 6, 1, 1] } }]);
    expect(graph.modelOutputs[0]!.shape).toEqual([6, 4]);
  });
});

describe('Gemm of a transposed input', () => {
  it('has its pixels first, as the output has', async () => {
    const nodes = [node('Gemm', 'x w b', 'y', { transA: 1 })];
    const initializers = { w: W, b: randomFloats([4], 2) };
    const graph = await sameAsRuntime({ shape: [6, 5], nodes, initializers }, { inputShape: [6, 5] });
    expect(graph.nodes[0]).toMatchObject({ kind: 'conv', kernel: [1, 1] });
    expect(graph.modelOutputs[0]!.shape).toEqual([5, 4]);
  });
});

describe('a dense layer over a map', () => {
  it('counts its inputs in NCHW order, whatever the order in which ONNX flattens them', async () => {
    const last = await sameAsRuntime({
      shape: [1, 2, 2, 3],
      nodes: [
        node('MaxPool', 'x', 'p', { kernel_shape: [1, 1] }),
        node('Transpose', 'p', 't', { perm: [0, 2, 3, 1] }),
        node('Flatten', 't', 'f'),
        node('Gemm', 'f w', 'y'),
      ],
      initializers: {
        w: floats(
          [12, 1],
          Array.from({ length: 12 }, (_, i) => i),
        ),
      },
    });
    const dense = last.nodes[1] as DenseNode;
    // Value (c, h, w) stands at 6h + 2w + c of the flattened channels-last tensor.
    expect([...dense.weights.data]).toEqual([0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
    expect(dense.input).toBe('p');
  });

  it('takes weights that are reshaped first, as CNTK writes them', async () => {
    const graph = await sameAsRuntime({
      shape: [1, 2, 3, 3],
      nodes: [
        node('Reshape', 'w s', 'm'),
        node('Relu', 'x', 'a'),
        node('Reshape', 'a t', 'f'),
        node('MatMul', 'f m', 'd'),
        node('Add', 'd b', 'y'),
      ],
      initializers: {
        w: randomFloats([2, 3, 3, 5], 4),
        s: ints([18, 5]),
        t: ints([1, 18]),
        b: randomFloats([1, 5], 5),
      },
    });
    expect(graph.nodes.map((n) => n.kind)).toEqual(['affine', 'dense']);
    expect((graph.nodes[1] as DenseNode).sources).toEqual(['d', 'y']);
  });
});

describe('MatMul', () => {
  it.each<[string, readonly number[], readonly number[], string]>([
    ['a row times a matrix', [1, 6], [6, 4], 'x w'],
    ['a vector times a matrix', [6], [6, 4], 'x w'],
    ['a row times a vector', [1, 6], [6], 'x w'],
    ['a vector times a vector', [6], [6], 'x w'],
    ['a row times a matrix in a batch of one', [1, 6], [1, 6, 4], 'x w'],
    ['pixels, channels last, times a matrix', [1, 3, 2, 6], [6, 4], 'x w'],
    ['a sequence times a matrix', [1, 5, 6], [6, 4], 'x w'],
    ['a matrix times a vector', [6], [4, 6], 'w x'],
    ['a matrix times a column', [6, 1], [4, 6], 'w x'],
    ['a vector times a column', [6, 1], [6], 'w x'],
    ['a matrix times the pixels of each channel', [1, 6, 5], [4, 6], 'w x'],
    ['a matrix in a batch of one times the pixels of each channel', [1, 6, 5], [1, 4, 6], 'w x'],
  ])('computes what ONNX Runtime computes of %s', async (_, shape, weights, inputs) => {
    await sameAsRuntime(matmul(shape, weights, inputs), { inputShape: shape });
  });

  it.each([
    ['a vector times a matrix', [6], [6, 4], 'x w', [4]],
    ['a matrix times a vector', [6], [4, 6], 'w x', [4]],
    ['a vector times one matrix of a batch', [6], [1, 6, 4], 'x w', [1, 4]],
    ['a row times a vector', [1, 6], [6], 'x w', [1]],
    ['a row times one matrix of a batch', [1, 6], [1, 6, 4], 'x w', [1, 1, 4]],
  ] as const)('of %s has the shape that NumPy gives it', (_, shape, weights, inputs, expected) => {
    expect(importOnnx(buildOnnx(matmul(shape, weights, inputs))).modelOutputs[0]!.shape).toEqual(expected);
  });

  it('along the channels of a map is a 1x1 convolution', async () => {
    const graph = await sameAsRuntime(matmul([1, 3, 2, 6], [6, 4]));
    expect(graph.inputs[0]!).toEqual({
      name: 'x',
      shape: [1, 6, 3, 2],
      layout: { modelShape: [1, 3, 2, 6], split: [3, 2, 6], permutation: [2, 0, 1] },
    });
    expect(graph.nodes[0]).toMatchObject({ kind: 'conv', weights: { shape: [4, 6, 1, 1] } });
    const first = graph.nodes[0] as ConvNode;
    // w[k][n] of x times w is weight [n][k].
    expect(first.weights.data[1]).toBe(
      new Float32Array((randomFloats([6, 4], 1).proto.rawData as Uint8Array).buffer)[4],
    );
  });
});

it('a matrix along channels keeps pixels in order, however their axes were split', async () => {
  const nodes = [
    node('Reshape', 'x s', 'a'),
    node('MatMul', 'a w', 'b'),
    node('Reshape', 'b t', 'c'),
    node('Transpose', 'c', 'd', { perm: [0, 3, 1, 2] }),
    node('Conv', 'd k', 'y'),
  ];
  const initializers = { s: ints([1, 2, 2, 3, 6]), t: ints([1, 4, 3, 4]), w: W, k: randomFloats([2, 4, 3, 3], 7) };
  const graph = await sameAsRuntime({ shape: [1, 4, 3, 6], nodes, initializers });
  expect(graph.nodes.map((n) => n.kind)).toEqual(['conv', 'conv']);
});

describe('a matrix product is refused', () => {
  it('of two computed tensors', () => {
    const nodes = [node('Relu', 'x', 'a'), node('MatMul', 'x a', 'y')];
    expect(codeAndPlace({ shape: [1, 1], nodes })).toEqual(['operator-limit', 'node y (MatMul)']);
  });

  it('with another batch of matrices than of tensors', () => {
    const nodes = [node('Squeeze', 'x z', 's'), node('MatMul', 's w', 'y')];
    const initializers = { z: intsOf([1], [0]), w: randomFloats([3, 4, 5], 1) };
    expect(codeAndPlace({ shape: [1, 2, 3, 4], nodes, initializers })).toEqual(['operator-limit', 'node y (MatMul)']);
  });

  it.each([
    [[1, 5], [6, 4], 'x w'],
    [[1, 6, 5], [4, 5], 'w x'],
  ])('of %s by %s in the order %s', (shape, weights, inputs) => {
    expect(codeAndPlace(matmul(shape, weights, inputs))).toEqual(['shape-mismatch', 'node y (MatMul)']);
  });

  it('along rows or columns of a map', () => {
    const nodes = [node('MaxPool', 'x', 'p', { kernel_shape: [2, 2] }), node('MatMul', 'p w', 'y')];
    const error = refusalOf({ shape: [1, 3, 5, 7], nodes, initializers: { w: W } });
    expect([error.code, error.where]).toEqual(['operator-limit', 'node y (MatMul)']);
    expect(error.hint).toContain('transpose p');
  });

  it('with Gemm of other than two axes, of other sizes, or with biases that go with no output', () => {
    const gemm = (shape: readonly number[], w: readonly number[], b: readonly number[]): ModelRecipe => ({
      inputs: [{ name: 'x', shape }],
      nodes: [node('Gemm', 'x w b', 'y')],
      initializers: { w: randomFloats(w, 1), b: randomFloats(b, 2) },
    });
    const place = 'node y (Gemm)';
    expect(codeAndPlace(gemm([1, 2, 3], [6, 4], [4]))).toEqual(['shape-mismatch', place]);
    expect(codeAndPlace(gemm([1, 5], [6, 4], [4]))).toEqual(['shape-mismatch', place]);
    expect(codeAndPlace(gemm([1, 6], [6, 4], [3]))).toEqual(['shape-mismatch', place]);
    expect(codeAndPlace(gemm([1, 6], [6, 4], [1, 1, 4]))).toEqual(['shape-mismatch', place]);
    expect(codeAndPlace(gemm([1, 6], [6, 4], [2, 4]))).toEqual(['shape-mismatch', place]);
  });

  it('with biases that differ from pixel to pixel', () => {
    const nodes = [node('Reshape', 'x s', 'r'), node('Gemm', 'r w b', 'y')];
    const initializers = { s: ints([2, 6]), w: W, b: randomFloats([2, 4], 2) };
    expect(codeAndPlace({ shape: [1, 2, 6], nodes, initializers })).toEqual(['operator-limit', 'node y (Gemm)']);
  });
});

function ints(values: readonly number[]) {
  return intsOf([values.length], values);
}

describe('MatMul with a batch of matrices', () => {
  const batched = (x: readonly number[], w: readonly number[], inputs: string) => ({
    shape: [1, ...x],
    nodes: [node('Squeeze', 'x z', 's'), node('MatMul', inputs, 'y')],
    initializers: { z: intsOf([1], [0]), w: randomFloats(w, 1) },
  });

  it.each([
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
    [
      [1, 2, 3, 4],
      [1, 2, 4, 5],
    ],
    [
      [2, 3, 3, 4],
      [2, 3, 4, 2],
    ],
  ])('%j times %j is a layer of as many groups', async (x, w) => {
    const graph = await sameAsRuntime(batched(x, w, 's w'));
    expect(graph.nodes).toMatchObject([{ kind: 'conv', groups: w.slice(0, -2).reduce((a, b) => a * b, 1) }]);
  });

  it.each([
    [[4], [2, 4, 1]],
    [
      [3, 4],
      [2, 4, 5],
    ],
    [
      [1, 3, 4],
      [2, 4, 5],
    ],
  ])('%j times %j is one layer of all outputs', async (x, w) => {
    const graph = await sameAsRuntime(batched(x, w, 's w'));
    expect(graph.nodes.length).toBe(1);
  });

  it.each([
    [
      [2, 5, 4],
      [2, 4, 3],
    ],
    [
      [2, 5, 4],
      [4, 3],
    ],
    [[2, 5, 4], [4]],
    [
      [3, 1, 4],
      [3, 4, 1],
    ],
  ])('%j may stand first, before %j', async (w, x) => {
    await sameAsRuntime(batched(x, w, 'w s'));
  });

  it('is refused where each image of a batch has its own', () => {
    const recipe = {
      shape: [2, 3, 4],
      nodes: [node('MatMul', 'x w', 'y')],
      initializers: { w: randomFloats([2, 4, 5], 1) },
    };
    expect(codeAndPlace(recipe)).toEqual(['operator-limit', 'node y (MatMul)']);
  });
});
