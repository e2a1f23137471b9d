import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import { buildOnnx, ints, type ModelRecipe, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const LAST = { perm: [0, 2, 3, 1] };
const FIRST = { perm: [0, 3, 1, 2] };
const w = randomFloats([4, 3, 3, 3], 1);
const vector = (values: readonly number[]) => ints([values.length], values);

describe('a channels-last model', () => {
  it('keeps its own layout at the input, and the graph says how it becomes NCHW', async () => {
    const nodes = [node('Transpose', 'x', 't', FIRST), node('Conv', 't w', 'y')];
    const graph = await sameAsRuntime({ shape: [1, 5, 6, 3], nodes, initializers: { w } });
    expect(graph.inputs[0]!).toEqual({
      name: 'x',
      shape: [1, 3, 5, 6],
      layout: { modelShape: [1, 5, 6, 3], split: [5, 6, 3], permutation: [2, 0, 1] },
    });
    expect(graph.nodes.map((n) => n.kind)).toEqual(['conv']);
  });

  it('loses the Transposes around its layers, and constants between them keep their channels', async () => {
    const nodes = [
      node('Sub', 'x mean', 's'),
      node('Transpose', 's', 'a', FIRST),
      node('Conv', 'a w', 'b'),
      node('Transpose', 'b', 'c', LAST),
      node('Add', 'c bias', 'd'),
      node('Relu', 'd', 'e'),
      node('Transpose', 'e', 'f', FIRST),
      node('MaxPool', 'f', 'g', { kernel_shape: [2, 2] }),
      node('Transpose', 'g', 'y', LAST),
    ];
    const initializers = { w, mean: randomFloats([3], 2), bias: randomFloats([4], 3) };
    const graph = await sameAsRuntime({ shape: [1, 7, 6, 3], nodes, initializers });
    expect(graph.nodes.map((n) => n.kind)).toEqual(['conv', 'maxpool']);
    expect(graph.nodes[0]).toMatchObject({ sources: ['s', 'b', 'd', 'e'], clamp: { min: 0, max: null } });
    expect(graph.host.map(({ op, outputs, source }) => [op, outputs[0]!.shape, source])).toEqual([
      [{ kind: 'reshape' }, [4, 4, 3], 'y'],
      [{ kind: 'transpose', permutation: [1, 2, 0] }, [4, 3, 4], 'y'],
      [{ kind: 'reshape' }, [1, 4, 3, 4], 'y'],
    ]);
  });

  it('with one channel or one row needs no permutation', async () => {
    const nodes = [node('Transpose', 'x', 't', FIRST), node('Conv', 't w', 'y')];
    const graph = await sameAsRuntime({
      shape: [1, 5, 6, 1],
      nodes,
      initializers: { w: randomFloats([2, 1, 2, 2], 1) },
    });
    expect(graph.inputs[0]!.layout).toMatchObject({ split: [5, 6], permutation: [0, 1] });
  });
});

describe('the input', () => {
  it('may be a flat vector that becomes a map', async () => {
    const nodes = [node('Reshape', 'x s', 'r'), node('Conv', 'r w', 'y')];
    const graph = await sameAsRuntime({ shape: [1, 90], nodes, initializers: { w, s: vector([-1, 3, 5, 6]) } });
    expect(graph.inputs[0]!).toMatchObject({ shape: [1, 3, 5, 6], layout: { modelShape: [1, 90] } });
  });

  it('may be a flat vector in channels-last order', async () => {
    const nodes = [node('Reshape', 'x s', 'r'), node('Transpose', 'r', 't', FIRST), node('Conv', 't w', 'y')];
    const graph = await sameAsRuntime({ shape: [1, 90], nodes, initializers: { w, s: vector([1, 5, 6, 3]) } });
    expect(graph.inputs[0]!.layout).toEqual({ modelShape: [1, 90], split: [5, 6, 3], permutation: [2, 0, 1] });
  });

  it('may have fewer axes than a map', async () => {
    const nodes = [node('Unsqueeze', 'x axes', 'u'), node('Conv', 'u w', 'y')];
    const initializers = { w: randomFloats([2, 1, 2, 2], 1), axes: vector([0, 1]) };
    const graph = await sameAsRuntime({ shape: [6, 7], nodes, initializers }, { inputShape: [6, 7] });
    expect(graph.inputs[0]!.shape).toEqual([1, 1, 6, 7]);
  });

  it('that only dense layers read is a vector', async () => {
    const nodes = [node('Flatten', 'x', 'f'), node('Gemm', 'f w', 'y')];
    const graph = await sameAsRuntime({ shape: [1, 1, 4, 5], nodes, initializers: { w: randomFloats([20, 3], 1) } });
    expect(graph.inputs[0]!).toMatchObject({ shape: [1, 20], layout: { modelShape: [1, 1, 4, 5] } });
  });

  it('that several branches read has one layout', async () => {
    const nodes = [
      node('Transpose', 'x', 'a', FIRST),
      node('Transpose', 'x', 'b', FIRST),
      node('Conv', 'a w', 'c'),
      node('Conv', 'b w', 'd'),
      node('Add', 'c d', 'y'),
    ];
    const graph = await sameAsRuntime({ shape: [1, 5, 6, 3], nodes, initializers: { w } });
    expect(graph.nodes.map((n) => n.kind)).toEqual(['conv', 'conv', 'add']);
  });

  it('is rearranged where a second branch reads it in another layout', async () => {
    const nodes = [
      node('Transpose', 'x', 'a', FIRST),
      node('Conv', 'a w', 'c'),
      node('Conv', 'x w', 'd'),
      node('Add', 'c d', 'y'),
    ];
    const graph = await sameAsRuntime({ shape: [1, 3, 3, 3], nodes, initializers: { w } });
    expect(graph.nodes.map(({ kind }) => kind)).toContain('arrange');
  });

  it('is refused where that moves too many values one by one', () => {
    const nodes = [
      node('Transpose', 'x', 'a', FIRST),
      node('Conv', 'a w', 'c'),
      node('Conv', 'x w', 'd'),
      node('Add', 'c d', 'y'),
    ];
    const large = { w: randomFloats([16, 16, 1, 1], 1) };
    const error = refusalOf({ shape: [1, 16, 16, 16], nodes, initializers: large });
    expect([error.code, error.where]).toEqual(['operator-limit', 'node d (Conv)']);
  });
});

describe('Reshape, Flatten, Squeeze and Unsqueeze', () => {
  const through = (steps: ModelRecipe['nodes'], initializers: ModelRecipe['initializers'] = {}): ModelRecipe => ({
    shape: [1, 3, 5, 4],
    nodes: [node('MaxPool', 'x', 'a', { kernel_shape: [2, 1] }), ...steps],
    initializers,
  });

  it('at the end are steps of the host', async () => {
    for (const shape of [[1, 48], [-1], [3, 4, 4], [0, 0, -1], [2, 6, 2, 2]]) {
      await sameAsRuntime(through([node('Reshape', 'a s', 'y')], { s: vector(shape) }));
    }
    for (const axis of [0, 1, 2, 3, 4, -1]) {
      await sameAsRuntime(through([node('Flatten', 'a', 'y', { axis })]));
    }
    await sameAsRuntime(through([node('Squeeze', 'a', 'y')]));
    await sameAsRuntime(through([node('Squeeze', 'a s', 'y')], { s: vector([0]) }));
    await sameAsRuntime({ ...through([node('Squeeze', 'a', 'y', { axes: [0] })]), opset: 11 });
    await sameAsRuntime(through([node('Unsqueeze', 'a s', 'y')], { s: vector([0, -1]) }));
    await sameAsRuntime({ ...through([node('Unsqueeze', 'a', 'y', { axes: [2] })]), opset: 11 });
  });

  it('and back again are nothing', async () => {
    const steps = [
      node('Reshape', 'a s', 'b'),
      node('Transpose', 'b', 'c', { perm: [0, 2, 1] }),
      node('Transpose', 'c', 'd', { perm: [0, 2, 1] }),
      node('Reshape', 'd t', 'e'),
      node('Conv', 'e w', 'y'),
    ];
    const graph = await sameAsRuntime(through(steps, { s: vector([1, 3, 16]), t: vector([1, 3, 4, 4]), w }));
    expect(graph.nodes.map((n) => n.kind)).toEqual(['maxpool', 'conv']);
    expect(graph.host).toEqual([]);
  });

  it.each<[string, readonly number[]]>([
    ['another number of values', [1, 47]],
    ['two open axes', [-1, -1]],
    ['an open axis that does not come out', [-1, 7]],
    ['an axis kept that is not there', [1, 3, 4, 4, 0]],
    ['a negative axis', [-2, 24]],
  ])('are refused with %s', (_, shape) => {
    const recipe = through([node('Reshape', 'a s', 'y')], { s: vector(shape) });
    expect(codeAndPlace(recipe)).toEqual(['shape-mismatch', 'node y (Reshape)']);
  });

  it('are refused with axes that are not there, or not of length 1', () => {
    expect(codeAndPlace(through([node('Flatten', 'a', 'y', { axis: 5 })]))).toEqual([
      'graph-invalid',
      'node y (Flatten)',
    ]);
    expect(codeAndPlace(through([node('Squeeze', 'a s', 'y')], { s: vector([1]) }))).toEqual([
      'shape-mismatch',
      'node y (Squeeze)',
    ]);
    expect(codeAndPlace(through([node('Unsqueeze', 'a s', 'y')], { s: vector([7]) }))[0]).toBe('graph-invalid');
    expect(codeAndPlace(through([node('Unsqueeze', 'a s', 'y')], { s: vector([1, 1]) }))[0]).toBe('graph-invalid');
  });

  it('are refused with a shape that the network computes', () => {
    const steps = [node('Relu', 'a', 'r'), node('Reshape', 'a r', 'y')];
    expect(codeAndPlace(through(steps))).toEqual(['operator-limit', 'node y (Reshape)']);
  });
});

describe('Transpose', () => {
  const pooled = (...steps: ModelRecipe['nodes']): ModelRecipe => ({
    shape: [1, 6, 3, 4],
    nodes: [node('MaxPool', 'x', 'a', { kernel_shape: [2, 2] }), ...steps],
    initializers: {
      w: randomFloats([2, 6, 1, 1], 1),
      s: vector([1, 2, 3, 2, 3]),
      t: vector([1, 6, 2, 3]),
    },
  });

  it('at the end is a step of the host, in every order', async () => {
    for (const perm of [
      [0, 1, 3, 2],
      [0, 2, 3, 1],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
    ]) {
      await sameAsRuntime(pooled(node('Transpose', 'a', 'y', { perm })));
    }
    await sameAsRuntime(pooled(node('Transpose', 'a', 'y')));
  });

  it('of an axis that a Reshape split is a step of the host too: a shuffle', async () => {
    const shuffle = [node('Reshape', 'a s', 'b'), node('Transpose', 'b', 'c', { perm: [0, 2, 1, 3, 4] })];
    await sameAsRuntime(pooled(...shuffle, node('Reshape', 'c t', 'y')));
  });

  it('before a layer is the layer’s where it shuffles the channels', async () => {
    const shuffle = [node('Reshape', 'a s', 'b'), node('Transpose', 'b', 'c', { perm: [0, 2, 1, 3, 4] })];
    const graph = await sameAsRuntime(pooled(...shuffle, node('Reshape', 'c t', 'd'), node('Conv', 'd w', 'y')));
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['maxpool', 'conv']);
  });

  it('before a layer is refused where a Reshape regroups channels and pixels', () => {
    const error = refusalOf({
      shape: [1, 6, 2, 2],
      nodes: [
        node('MaxPool', 'x', 'a', { kernel_shape: [1, 1] }),
        node('Reshape', 'a s', 'b'),
        node('Conv', 'b w', 'y'),
      ],
      initializers: { s: vector([1, 2, 4, 3]), w: randomFloats([1, 2, 1, 1], 1) },
    });
    expect([error.code, error.where]).toEqual(['operator-limit', 'node y (Conv)']);
  });

  it('is refused with a perm of other axes', () => {
    expect(codeAndPlace(pooled(node('Transpose', 'a', 'y', { perm: [0, 1] })))).toEqual([
      'shape-mismatch',
      'node y (Transpose)',
    ]);
    expect(codeAndPlace(pooled(node('Transpose', 'a', 'y', { perm: [0, 1, 1, 2] })))[0]).toBe('graph-invalid');
  });

  it('is refused where a Reshape cut axes unevenly before it', () => {
    const nodes = [
      node('MaxPool', 'x', 'a', { kernel_shape: [1, 1] }),
      node('Transpose', 'a', 'b', LAST),
      node('Reshape', 'b odd', 'c'),
      node('Transpose', 'c', 'y'),
    ];
    const recipe = { shape: [1, 3, 3, 4], nodes, initializers: { odd: vector([12, 3]) } };
    expect(codeAndPlace({ ...recipe, initializers: { odd: vector([2, 18]) } })).toEqual([
      'operator-limit',
      'node y (Transpose)',
    ]);
    expect(importOnnx(buildOnnx(recipe)).modelOutputs[0]!.shape).toEqual([3, 12]);
  });
});

describe('a vector and a map of one pixel', () => {
  it('are one tensor, of the shape its users agree on', async () => {
    const nodes = [
      node('GlobalAveragePool', 'x', 'p'),
      node('Flatten', 'p', 'f'),
      node('Gemm', 'f v', 'g'),
      node('Add', 'f g', 'a'),
      node('Relu', 'a', 'y'),
    ];
    const graph = await sameAsRuntime({ nodes, initializers: { v: randomFloats([3, 3], 1) } });
    expect(graph.nodes.map((n) => [n.kind, graph.tensors.get(n.output)!.shape.join('x')])).toEqual([
      ['averagepool', '1x3x1x1'],
      ['dense', '1x3x1x1'],
      ['add', '1x3x1x1'],
    ]);
    expect(graph.modelOutputs[0]!.shape).toEqual([1, 3]);
  });

  it('go through a convolution after a dense layer', async () => {
    const nodes = [
      node('Gemm', 'x v', 'g'),
      node('Reshape', 'g s', 'r'),
      node('Conv', 'r w', 'c', { pads: [1, 1, 1, 1] }),
      node('Flatten', 'g', 'h'),
      node('Gemm', 'h v', 'k'),
      node('Add', 'g k', 'l'),
      node('Reshape', 'l s', 'm'),
      node('Add', 'c m', 'n'),
      node('Reshape', 'n t', 'y'),
    ];
    const initializers = {
      v: randomFloats([3, 3], 1),
      w: randomFloats([3, 3, 3, 3], 2),
      s: vector([1, 3, 1, 1]),
      t: vector([1, 3]),
    };
    const graph = await sameAsRuntime({ shape: [1, 3], nodes, initializers });
    expect(graph.outputs[0]!.shape).toEqual([1, 3, 1, 1]);
  });

  it('as the input of a window', async () => {
    const nodes = [
      node('Gemm', 'x v', 'g'),
      node('Reshape', 'g s', 'r'),
      node('MaxPool', 'r', 'p', { kernel_shape: [1, 1] }),
      node('Reshape', 'p t', 'q'),
      node('Add', 'q g', 'y'),
    ];
    const initializers = { v: randomFloats([3, 3], 1), s: vector([1, 3, 1, 1]), t: vector([1, 3]) };
    await sameAsRuntime({ shape: [1, 3], nodes, initializers });
  });
});
