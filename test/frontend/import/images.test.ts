import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace } from '../../support/import-refusals.js';
import { type BuiltNode, buildOnnx, ints, node, randomFloats } from '../../support/onnx-builder.js';

const vector = (...values: number[]) => ints([values.length], values);
/** Fixed to four images; `e` is the host's. */
const recipe = (...nodes: readonly BuiltNode[]) => ({
  shape: [4, 3, 8, 8],
  nodes: [node('Conv', 'x w', 'c'), node('Exp', 'c', 'e'), ...nodes],
  initializers: {
    ...{ w: randomFloats([2, 3, 3, 3], 1), each: randomFloats([4, 1, 1, 1], 2) },
    ...{ zero: vector(0), one: vector(1), first: ints([], [0]), all: vector(0, 4), four: vector(4) },
  },
});

describe('of a model that is fixed to several images one is left:', () => {
  it.each([
    ['the largest', node('ArgMax', 'e', 'y')],
    ['the largest on the array', node('ArgMax', 'c', 'y')],
    ['the largest few', node('TopK', 'e one', 'y i', { axis: 0 })],
    ['a Softmax', node('Softmax', 'e', 'y', { axis: 0 })],
    ['a LogSoftmax', node('LogSoftmax', 'e', 'y', { axis: 0 })],
    ['a mean', node('ReduceMean', 'e', 'y', { axes: [0, 2] })],
    ['a mean over all axes', node('ReduceMean', 'c', 'y', { keepdims: 0 })],
    ['a Concat', node('Concat', 'e e', 'y', { axis: 0 })],
    ['a Concat on the array', node('Concat', 'c c', 'y', { axis: 0 })],
    ['a Slice', node('Slice', 'e zero one', 'y')],
    ['a Split', node('Split', 'e', 'y z', { axis: 0 })],
    ['a Gather', node('Gather', 'e first', 'y', { axis: 0 })],
    ['a constant for each image', node('Add', 'e each', 'y')],
    ['a constant for each image on the array', node('Mul', 'each c', 'y')],
  ])('%s over the images is refused', (_, last) => {
    expect(codeAndPlace(recipe(last))).toEqual(['operator-limit', `node y (${last.operator})`]);
  });

  it('a Slice that keeps them all is the one', () => {
    const { modelOutputs } = importOnnx(buildOnnx(recipe(node('Slice', 'e zero four', 'y'))));
    expect(modelOutputs[0]!.shape).toEqual([1, 2, 6, 6]);
  });
});

it('a Squeeze of all axes of length 1 leaves that of the images', () => {
  const nodes = [node('Conv', 'x w', 'c'), node('GlobalAveragePool', 'c', 'g'), node('Squeeze', 'g', 'y')];
  const initializers = { w: randomFloats([2, 3, 3, 3], 1) };
  const shapeOf = (images: number) =>
    importOnnx(buildOnnx({ shape: [images, 3, 8, 8], nodes, initializers })).modelOutputs[0]!.shape;
  expect(shapeOf(4)).toEqual([1, 2]);
  expect(shapeOf(1)).toEqual([2]);
});

it('a Slice of nothing of a single number is refused, or the number', () => {
  const nodes = [node('MaxPool', 'x', 'm', { kernel_shape: [1, 1] }), node('Reshape', 'm s', 'r')];
  const none = ints([0], []);
  const sliced = { shape: [1, 1, 1, 1], nodes: [...nodes, node('Slice', 'r s s', 'y')], initializers: { s: none } };
  expect(importOnnx(buildOnnx(sliced)).modelOutputs[0]!.shape).toEqual([]);
});
