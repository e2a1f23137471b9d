import { describe, expect, it } from 'vitest';
import type { ConvNode, Graph } from '../../../src/frontend/graph.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import { type BuiltAttribute, buildOnnx, type ModelRecipe, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

interface Case {
  readonly input?: readonly number[];
  readonly weights?: readonly number[];
  readonly bias?: boolean;
  readonly attributes?: Readonly<Record<string, BuiltAttribute>>;
}

function conv({ input = [1, 3, 9, 8], weights = [4, 3, 3, 3], bias = true, attributes = {} }: Case): ModelRecipe {
  return {
    shape: input,
    nodes: [node('Conv', bias ? 'x w b' : 'x w', 'y', attributes)],
    initializers: { w: randomFloats(weights, 1), ...(bias ? { b: randomFloats([weights[0]!], 2) } : {}) },
  };
}
const only = (graph: Graph): ConvNode => graph.nodes[0] as ConvNode;

describe('Conv', () => {
  it('keeps kernel, strides, dilations, asymmetric pads and groups', () => {
    const attributes = {
      kernel_shape: [3, 2],
      strides: [2, 3],
      dilations: [1, 2],
      pads: [1, 0, 2, 3],
      group: 3,
    };
    const graph = importOnnx(buildOnnx(conv({ weights: [6, 1, 3, 2], attributes })));
    expect(only(graph)).toMatchObject({
      kind: 'conv',
      name: 'y',
      sources: ['y'],
      input: 'x',
      output: 'y',
      kernel: [3, 2],
      strides: [2, 3],
      dilations: [1, 2],
      pads: [1, 0, 2, 3],
      groups: 3,
      weights: { shape: [6, 1, 3, 2] },
      bias: { shape: [6] },
      clamp: { min: null, max: null },
    });
    // (9+1+2 - 3)/2 + 1 = 5 rows (rounded down), (8+0+3 - 3)/3 + 1 = 3 columns
    expect(graph.outputs[0]!.shape).toEqual([1, 6, 5, 3]);
  });

  it('has zeros for biases that are left out, and pads of zero', () => {
    const graph = importOnnx(buildOnnx(conv({ bias: false })));
    expect([...only(graph).bias.data]).toEqual([0, 0, 0, 0]);
    expect(only(graph)).toMatchObject({ pads: [0, 0, 0, 0], strides: [1, 1], dilations: [1, 1] });
  });

  it('computes what ONNX Runtime computes, for every small kernel, stride, dilation and padding', async () => {
    for (const kernel of [1, 2, 3]) {
      for (const stride of [1, 2, 3]) {
        for (const dilation of [1, 2]) {
          for (const auto_pad of ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER']) {
            // ONNX Runtime does not take SAME with dilations.
            if (auto_pad.startsWith('SAME') && dilation > 1) continue;
            const pads = auto_pad === 'NOTSET' ? { pads: [1, 0, 2, 1] } : {};
            await sameAsRuntime(
              conv({
                weights: [2, 3, kernel, 4 - kernel],
                attributes: { auto_pad, strides: [stride, 4 - stride], dilations: [dilation, 1], ...pads },
              }),
              { inputs: 1 },
            );
          }
        }
      }
    }
  });

  it.each([1, 2, 3, 6])('computes what ONNX Runtime computes in %i groups', async (group) => {
    await sameAsRuntime(conv({ input: [1, 6, 5, 5], weights: [12, 6 / group, 3, 3], attributes: { group } }));
  });

  it('takes SAME pads of a dilated kernel from its reach', () => {
    const attributes = { auto_pad: 'SAME_UPPER', dilations: [2, 3] };
    const graph = importOnnx(buildOnnx(conv({ attributes })));
    expect(only(graph).pads).toEqual([2, 3, 2, 3]);
    expect(graph.outputs[0]!.shape).toEqual([1, 4, 9, 8]);
  });

  it('is a map of one row in one dimension', async () => {
    const recipe = conv({
      input: [1, 3, 10],
      weights: [4, 3, 3],
      attributes: { strides: [2], pads: [2, 1], dilations: [2], kernel_shape: [3] },
    });
    const graph = await sameAsRuntime(recipe);
    expect(only(graph)).toMatchObject({ kernel: [1, 3], strides: [1, 2], dilations: [1, 2], pads: [0, 2, 0, 1] });
    expect(graph.inputs[0]!).toMatchObject({ shape: [1, 3, 1, 10], layout: { modelShape: [1, 3, 10] } });
    expect(graph.modelOutputs[0]!.shape).toEqual([1, 4, 5]);
    const same = conv({ input: [1, 3, 10], weights: [4, 3, 4], attributes: { auto_pad: 'SAME_LOWER', strides: [3] } });
    await sameAsRuntime(same);
  });
});

describe('Conv is refused', () => {
  it.each<[string, Case, string]>([
    ['with weights of other channels', { weights: [4, 2, 3, 3] }, 'shape-mismatch'],
    ['with weights of another rank', { weights: [4, 3, 3] }, 'shape-mismatch'],
    ['in groups that do not divide it', { weights: [4, 1, 3, 3], attributes: { group: 3 } }, 'shape-mismatch'],
    ['in no groups', { attributes: { group: 0 } }, 'shape-mismatch'],
    ['with another kernel_shape than the weights', { attributes: { kernel_shape: [3, 2] } }, 'shape-mismatch'],
    ['with strides for one axis', { attributes: { strides: [2] } }, 'shape-mismatch'],
    ['with a stride of zero', { attributes: { strides: [0, 1] } }, 'operator-limit'],
    ['with negative pads', { attributes: { pads: [-1, 0, 0, 0] } }, 'operator-limit'],
    ['with a window beyond its input', { attributes: { dilations: [5, 1] } }, 'operator-limit'],
    ['in three dimensions', { input: [1, 3, 4, 4, 4], weights: [4, 3, 1, 1, 1] }, 'operator-limit'],
    ['with an unknown auto_pad', { attributes: { auto_pad: 'SAME' } }, 'operator-limit'],
    ['with an unknown attribute', { attributes: { transposed: 1 } }, 'operator-limit'],
    ['with an attribute of another type', { attributes: { group: [1] } }, 'graph-invalid'],
  ])('%s', (_, recipe, code) => {
    expect(codeAndPlace(conv(recipe))).toEqual([code, 'node y (Conv)']);
  });

  it('naming the attribute it does not know', () => {
    expect(refusalOf(conv({ attributes: { transposed: 1 } })).actual).toBe('transposed');
  });

  it('with biases of another number', () => {
    const recipe = conv({});
    const initializers = { ...recipe.initializers, b: randomFloats([3], 1) };
    expect(codeAndPlace({ ...recipe, initializers })).toEqual(['shape-mismatch', 'node y (Conv)']);
  });

  it('with weights that the network computes, naming them', () => {
    const error = refusalOf({ nodes: [node('Relu', 'x', 'r'), node('Conv', 'x r', 'y')] });
    expect([error.code, error.where]).toEqual(['operator-limit', 'node y (Conv)']);
    expect(error.actual).toContain('r');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('with a weight of %s, naming tensor and index', (bad) => {
    const recipe = conv({});
    const w = randomFloats([4, 3, 3, 3], 1);
    new DataView((w.proto.rawData as Uint8Array).buffer).setFloat32(4 * (1 * 27 + 2 * 9 + 0 * 3 + 1), bad, true);
    const error = refusalOf({ ...recipe, initializers: { ...recipe.initializers, w } });
    expect([error.code, error.where]).toEqual(['weights-not-finite', 'w[1,2,0,1], used by node y (Conv)']);
  });
});
