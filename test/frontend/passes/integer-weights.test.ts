import { describe, expect, it } from 'vitest';
import type { ConvNode } from '../../../src/frontend/graph.js';
import { floats, type ModelRecipe, node } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const model = (weights: readonly number[], quantized = true): ModelRecipe => ({
  shape: [1, 2, 3, 3],
  nodes: [...(quantized ? [node('Floor', 'x', 'f')] : [node('Relu', 'x', 'f')]), node('Conv', 'f w', 'y')],
  initializers: { w: floats([3, 2, 1, 1], weights) },
});
const codesOf = async (weights: readonly number[], quantized = true) =>
  ((await sameAsRuntime(model(weights, quantized))).nodes.at(-1) as ConvNode).codes;

describe('integer-weights', () => {
  it('makes codes of weights that are whole numbers, in as many bits as they need', async () => {
    expect(await codesOf([-4, 3, 0, 1, 2, -1])).toEqual({
      values: Int16Array.of(-4, 3, 0, 1, 2, -1),
      scale: Float32Array.of(1),
      bits: 3,
      bipolar: false,
    });
    expect(await codesOf([1, 0, 0, 1, 1, 0])).toMatchObject({ bits: 2 });
    expect(await codesOf([128, 0, 0, 1, 1, 0])).toMatchObject({ bits: 9 });
  });

  it('knows bipolar ones', async () => {
    expect(await codesOf([1, -1, -1, 1, 1, -1])).toMatchObject({ bits: 1, bipolar: true });
  });

  it('leaves other numbers alone, those of more than 16 bits, and models that are not quantized', async () => {
    expect(await codesOf([1, -1, -1, 1, 1, 0.5])).toBeUndefined();
    expect(await codesOf([32768, -1, -1, 1, 1, 0])).toBeUndefined();
    expect(await codesOf([1, -1, -1, 1, 1, -1], false)).toBeUndefined();
  });
});
