import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import { buildOnnx, ints, type ModelRecipe, node, randomFloats, TYPES } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const conv = (shape: ModelRecipe['shape'] & object): ModelRecipe => ({
  shape,
  nodes: [node('Conv', 'x w', 'y')],
  initializers: { w: randomFloats([2, 3, 3, 3], 1) },
});
const shapeOf = (recipe: ModelRecipe, inputShape?: readonly number[]): readonly number[] =>
  importOnnx(buildOnnx(recipe), inputShape === undefined ? {} : { inputShape }).inputs[0]!.shape;

describe('the shape of the input', () => {
  it.each<[string, number | string]>([
    ['a symbol', 'N'],
    ['open', ''],
    ['zero, as older exporters write it', 0],
    ['of several images', 16],
  ])('has a batch of 1 where the batch is %s', (_, batch) => {
    expect(shapeOf(conv([batch, 3, 6, 7]))).toEqual([1, 3, 6, 7]);
  });

  it('is what the user says where dimensions are open', async () => {
    expect(shapeOf(conv(['N', 3, 'height', 'width']), [1, 3, 9, 10])).toEqual([1, 3, 9, 10]);
    expect(shapeOf({ ...conv([1]), shape: null }, [1, 3, 9, 10])).toEqual([1, 3, 9, 10]);
    await sameAsRuntime(conv(['N', 3, 'height', 'width']), { inputShape: [1, 3, 5, 4] });
  });

  it('is refused where a dimension other than the batch is open, and the known ones are filled in', () => {
    const error = refusalOf(conv(['N', 3, 'height', '']));
    expect([error.code, error.where]).toEqual(['shape-dynamic', 'input x']);
    expect(error.actual).toBe('Nx3xheightx?');
    expect(error.hint).toContain('--input-shape 1,3,height,?');
    expect(codeAndPlace({ ...conv([1]), shape: null })).toEqual(['shape-dynamic', 'input x']);
    expect(codeAndPlace(conv([1, 3, 0, 8]))).toEqual(['shape-dynamic', 'input x']);
  });

  it('is refused where what the user says is impossible, or not what the model declares', () => {
    const open = conv(['N', 3, 'h', 'w']);
    expect(codeAndPlace(open, { inputShape: [1, 3, 0, 4] })).toEqual(['option-invalid', '--input-shape']);
    expect(codeAndPlace(open, { inputShape: [] })).toEqual(['option-invalid', '--input-shape']);
    expect(codeAndPlace(open, { inputShape: [1, 3, 2.5, 4] })).toEqual(['option-invalid', '--input-shape']);
    expect(codeAndPlace(open, { inputShape: [1, 4, 8, 8] })).toEqual(['shape-mismatch', 'input x']);
    expect(codeAndPlace(open, { inputShape: [3, 8, 8] })).toEqual(['shape-mismatch', 'input x']);
  });

  it('is refused with several images in it', () => {
    expect(codeAndPlace(conv(['N', 3, 8, 8]), { inputShape: [2, 3, 8, 8] })).toEqual([
      'operator-limit',
      'node y (Conv)',
    ]);
  });

  it('is refused beyond what memory holds', () => {
    expect(codeAndPlace(conv(['N', 3, 'h', 'w']), { inputShape: [1, 3, 2 ** 20, 2 ** 20] })).toEqual([
      'onnx-too-large',
      'input x',
    ]);
    const nine = new Array<number>(9).fill(1);
    expect(codeAndPlace({ ...conv([1]), shape: nine })[0]).toBe('onnx-too-large');
  });

  it('of integers of more bits than codes have is refused', () => {
    const inputs = [{ name: 'x', shape: [1, 3, 8, 8], elementType: TYPES.int64 }];
    const error = refusalOf({ ...conv([1]), inputs });
    expect([error.code, error.where, error.actual]).toEqual(['graph-limit', 'input x', 'int64']);
  });

  it('has one image where the model is fixed to several and its Reshapes name them', () => {
    const nodes = [
      node('MaxPool', 'x', 'p', { kernel_shape: [2, 2] }),
      node('Reshape', 'p s', 'r'),
      node('Gemm', 'r w', 'y'),
    ];
    const recipe = (first: readonly number[]): ModelRecipe => ({
      shape: [8, 3, 5, 5],
      nodes,
      initializers: { s: ints([2], first), w: randomFloats([48, 2], 1) },
    });
    for (const target of [
      [8, 48],
      [8, -1],
      [-1, 48],
      [0, -1],
    ]) {
      expect(importOnnx(buildOnnx(recipe(target))).modelOutputs[0]!.shape).toEqual([1, 2]);
    }
    expect(codeAndPlace(recipe([4, 96]))).toEqual(['shape-mismatch', 'node r (Reshape)']);
  });
});
