import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { refusalOf } from '../../support/import-refusals.js';
import { buildOnnx, floats, type ModelRecipe, node } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const relu = node('Relu', 'x', 'y');

describe('an output that is a constant', () => {
  it('beside computed ones is given out by the host', async () => {
    const recipe: ModelRecipe = {
      nodes: [relu, node('Shape', 'x', 's'), node('Mul', 'w w', 'p')],
      initializers: { w: floats([2], [0.5, 3]) },
      outputs: ['y', 's', 'p'],
    };
    const graph = await sameAsRuntime(recipe);
    expect(graph.modelOutputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['y', [1, 3, 8, 8]],
      ['s', [4]],
      ['p', [2]],
    ]);
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['affine']);
  });

  it('alone leaves nothing for the array', () => {
    const error = refusalOf({ nodes: [node('Shape', 'x', 's')] });
    expect([error.code, error.message]).toEqual(['graph-limit', 'the network has nothing for the array to compute']);
  });

  it('is refused where float32 does not hold it', () => {
    const recipe: ModelRecipe = {
      nodes: [relu],
      initializers: { big: { type: 'int', shape: [1], proto: { dims: [1], dataType: 7, int64Data: [2 ** 24 + 1] } } },
      outputs: ['y', 'big'],
    };
    const error = refusalOf(buildOnnx(recipe));
    expect([error.code, error.where, error.actual]).toEqual(['graph-limit', 'output big', 'a constant']);
    expect(importOnnx(buildOnnx({ ...recipe, outputs: ['y'] })).modelOutputs).toHaveLength(1);
  });
});
