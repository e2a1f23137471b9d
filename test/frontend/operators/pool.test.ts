import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace } from '../../support/import-refusals.js';
import {
  type BuiltAttribute,
  buildOnnx,
  ints,
  type ModelRecipe,
  node,
  randomFloats,
} from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const pool = (
  operator: string,
  attributes: Readonly<Record<string, BuiltAttribute>>,
  shape: readonly number[] = [1, 3, 7, 8],
): ModelRecipe => ({ shape, opset: 19, nodes: [node(operator, 'x', 'y', attributes)] });

describe('MaxPool', () => {
  it('keeps its window', () => {
    const attributes = { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1], dilations: [1, 2] };
    const graph = importOnnx(buildOnnx(pool('MaxPool', attributes)));
    expect(graph.nodes).toEqual([
      {
        kind: 'maxpool',
        name: 'y',
        sources: ['y'],
        input: 'x',
        output: 'y',
        kernel: [3, 2],
        strides: [2, 1],
        dilations: [1, 2],
        pads: [1, 0, 1, 1],
      },
    ]);
    expect(graph.outputs[0]!.shape).toEqual([1, 3, 4, 7]);
  });

  it('computes what ONNX Runtime computes for every small window, rounded down or up', async () => {
    for (const kernel of [1, 2, 3]) {
      for (const stride of [1, 2, 3, 4]) {
        for (const ceil_mode of [0, 1]) {
          const pads = kernel > 1 ? [1, 0, 0, 1] : [0, 0, 0, 0];
          const window = { kernel_shape: [kernel, 2], strides: [stride, 3], pads, ceil_mode };
          await sameAsRuntime(pool('MaxPool', window), { inputs: 1 });
        }
        for (const auto_pad of ['SAME_UPPER', 'SAME_LOWER', 'VALID']) {
          if (auto_pad !== 'VALID' && stride > kernel) continue;
          const window = { kernel_shape: [kernel, 2], strides: [stride, 1], auto_pad };
          await sameAsRuntime(pool('MaxPool', window), { inputs: 1 });
        }
      }
    }
  });

  it('in one dimension is a map of one row', async () => {
    const recipe = pool('MaxPool', { kernel_shape: [3], strides: [2], ceil_mode: 1, dilations: [2] }, [1, 2, 10]);
    const graph = await sameAsRuntime(recipe);
    expect(graph.nodes[0]).toMatchObject({ kernel: [1, 3], strides: [1, 2], dilations: [1, 2] });
    expect(graph.modelOutputs[0]!.shape).toEqual([1, 2, 4]);
  });

  it.each<[string, Readonly<Record<string, BuiltAttribute>>, string]>([
    ['without a kernel', {}, 'graph-invalid'],
    ['with pads as wide as its window', { kernel_shape: [2, 2], pads: [0, 2, 0, 0] }, 'operator-limit'],
    ['with pads as wide as a window of one', { kernel_shape: [2, 1], pads: [0, 1, 0, 0] }, 'operator-limit'],
    [
      'with SAME pads and steps over its input',
      { kernel_shape: [1, 2], strides: [4, 1], auto_pad: 'SAME_UPPER' },
      'operator-limit',
    ],
    ['in column order', { kernel_shape: [2, 2], storage_order: 1 }, 'operator-limit'],
    ['with a kernel of one axis', { kernel_shape: [2] }, 'shape-mismatch'],
  ])('is refused %s', (_, attributes, code) => {
    expect(codeAndPlace(pool('MaxPool', attributes))).toEqual([code, 'node y (MaxPool)']);
  });

  it('is refused where a window steps over the whole input', async () => {
    // Rows -1 and 1 of one.
    const over = { kernel_shape: [2, 1], dilations: [2, 1], pads: [1, 0, 1, 0] };
    expect(codeAndPlace(pool('MaxPool', over, [1, 1, 1, 4]))).toEqual(['operator-limit', 'node y (MaxPool)']);
    await sameAsRuntime(pool('MaxPool', over, [1, 1, 2, 4]));
  });

  it('is refused where something uses the indices, not where they are only named', async () => {
    const used = [node('MaxPool', 'x', 'p i', { kernel_shape: [2, 2] }), node('Add', 'p i', 'y')];
    expect(codeAndPlace({ nodes: used })).toEqual(['operator-limit', 'node p (MaxPool)']);
    const named = [node('MaxPool', 'x', 'p i', { kernel_shape: [2, 2] }), node('Relu', 'p', 'y')];
    await sameAsRuntime({ nodes: named });
  });
});

describe('AveragePool', () => {
  it('computes what ONNX Runtime computes without padding, or with the padding counted', async () => {
    for (const kernel of [1, 2, 3]) {
      for (const stride of [1, 2, 3]) {
        const window = { kernel_shape: [kernel, 2], strides: [stride, 2] };
        await sameAsRuntime(pool('AveragePool', window), { inputs: 1 });
        await sameAsRuntime(pool('AveragePool', { ...window, auto_pad: 'VALID' }), { inputs: 1 });
        const padded = { ...window, kernel_shape: [kernel + 1, 2], pads: [1, 0, 1, 1], count_include_pad: 1 };
        await sameAsRuntime({ ...pool('AveragePool', padded), opset: 13 }, { inputs: 1 });
      }
    }
  });

  it('with more padding on one side, and with dilations', async () => {
    const uneven = { kernel_shape: [4, 3], pads: [1, 2, 3, 0], count_include_pad: 1 };
    await sameAsRuntime({ ...pool('AveragePool', uneven), opset: 13 });
    // ONNX Runtime itself divides uneven padding wrongly in the operator sets that have dilations.
    const dilated = { kernel_shape: [2, 3], dilations: [3, 2], strides: [1, 2] };
    const graph = await sameAsRuntime(pool('AveragePool', dilated));
    expect(graph.nodes[0]).toMatchObject({ kind: 'averagepool', dilations: [3, 2] });
  });

  it('leaves the border out of the divisor: pads, SAME pads, and windows over the end', async () => {
    for (const kernel of [2, 3]) {
      for (const stride of [1, 2, 3]) {
        for (const ceil_mode of [0, 1]) {
          const window = { kernel_shape: [kernel, 2], strides: [stride, 2], ceil_mode };
          await sameAsRuntime(pool('AveragePool', { ...window, pads: [1, 0, 1, 1] }), { inputs: 1 });
          if (stride > kernel) continue;
          for (const auto_pad of ['SAME_UPPER', 'SAME_LOWER']) {
            const graph = await sameAsRuntime(pool('AveragePool', { ...window, auto_pad }), { inputs: 1 });
            expect(graph.nodes).toMatchObject([{ kind: 'averagepool' }]);
          }
        }
      }
    }
    const graph = await sameAsRuntime(pool('AveragePool', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }));
    expect(graph.nodes[0]).toMatchObject({ border: 'excluded', pads: [1, 1, 1, 1] });
  });

  it('with pads that count and a last window over the end divides as its operator set says', async () => {
    const window = { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1, count_include_pad: 1 };
    const padded = { ...window, kernel_shape: [3, 3], pads: [1, 1, 0, 0] };
    for (const attributes of [window, padded]) {
      const before = await sameAsRuntime({ ...pool('AveragePool', attributes, [1, 2, 6, 7]), opset: 13 });
      expect(before.nodes.map(({ kind }) => kind)).toEqual(['averagepool']);
    }
    await sameAsRuntime({ ...pool('AveragePool', window, [1, 2, 6, 7]), opset: 19 });
    const after = importOnnx(buildOnnx({ ...pool('AveragePool', padded, [1, 2, 6, 7]), opset: 19 }));
    expect(after.nodes).toMatchObject([
      { kind: 'arrange', fill: 0 },
      { kind: 'averagepool', border: 'excluded', pads: [0, 0, 0, 1] },
    ]);
  });

  it('behind a Pad counts its zeros, and not its own pads', async () => {
    const nodes = [
      node('Relu', 'x', 'r'),
      node('Pad', 'r pads', 'p'),
      node('AveragePool', 'p', 'y', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
    ];
    const graph = await sameAsRuntime({ nodes, initializers: { pads: ints([8], [0, 0, 1, 1, 0, 0, 2, 0]) } });
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['affine', 'arrange', 'averagepool']);
  });

  it('takes SAME pads that come to nothing, and ceil_mode that rounds nothing', async () => {
    await sameAsRuntime(pool('AveragePool', { kernel_shape: [1, 2], strides: [1, 2], auto_pad: 'SAME_UPPER' }));
    await sameAsRuntime(pool('AveragePool', { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 }));
    for (const operator of ['MaxPool', 'AveragePool']) {
      const steps = { kernel_shape: [2, 2], strides: [3, 3], auto_pad: 'SAME_UPPER' };
      await sameAsRuntime(pool(operator, steps, [1, 2, 6, 8]));
      await sameAsRuntime(pool(operator, { ...steps, auto_pad: 'SAME_LOWER', kernel_shape: [1, 1] }, [1, 2, 6, 8]));
    }
  });

  it('is refused where a window lies in the padding alone', () => {
    const window = { kernel_shape: [2, 2], strides: [2, 2], dilations: [3, 1], pads: [1, 0, 1, 0] };
    const recipe = { ...pool('AveragePool', window, [1, 1, 2, 4]), opset: 19 };
    expect(codeAndPlace(recipe)).toEqual(['operator-limit', 'node y (AveragePool)']);
  });
});

describe('pools over the whole map', () => {
  it('are a window of its size', async () => {
    const graph = await sameAsRuntime(pool('GlobalAveragePool', {}));
    expect(graph.nodes[0]).toMatchObject({ kind: 'averagepool', kernel: [7, 8], strides: [1, 1], pads: [0, 0, 0, 0] });
    expect(graph.outputs[0]!.shape).toEqual([1, 3, 1, 1]);
    await sameAsRuntime(pool('GlobalMaxPool', {}));
    await sameAsRuntime(pool('GlobalAveragePool', {}, [1, 3, 9]));
  });
});

describe('ReduceMean', () => {
  const mean = (axes: readonly number[], keepdims: number, shape = [1, 3, 4, 5]): ModelRecipe => ({
    shape,
    nodes: [node('Relu', 'x', 'r'), node('ReduceMean', 'r', 'y', { axes, keepdims })],
  });

  it('over rows and columns is a pool over the whole map', async () => {
    for (const keepdims of [0, 1]) {
      for (const axes of [[2, 3], [-1, -2], [2], [3]]) {
        const graph = await sameAsRuntime(mean(axes, keepdims));
        expect(graph.nodes.map((n) => n.kind)).toEqual(['affine', 'averagepool']);
      }
    }
  });

  it('over rows alone has a kernel of one column', async () => {
    const graph = await sameAsRuntime(mean([2], 0));
    expect(graph.nodes[1]).toMatchObject({ kernel: [4, 1] });
    expect(graph.modelOutputs[0]!.shape).toEqual([1, 3, 5]);
  });

  it('of a channels-last model tells which axes are channels', async () => {
    const nodes = [node('ReduceMean', 'x', 'm', { axes: [1, 2], keepdims: 0 }), node('Gemm', 'm w', 'y')];
    const graph = await sameAsRuntime({ shape: [1, 4, 5, 3], nodes, initializers: { w: randomFloats([3, 2], 1) } });
    expect(graph.inputs[0]!.shape).toEqual([1, 3, 4, 5]);
    expect(graph.nodes[0]).toMatchObject({ kind: 'averagepool', kernel: [4, 5] });
  });

  it('takes its axes from an input in newer operator sets', async () => {
    const nodes = [node('Relu', 'x', 'r'), node('ReduceMean', 'r a', 'y')];
    await sameAsRuntime({ opset: 18, nodes, initializers: { a: ints([2], [2, 3]) } });
  });

  it('over axes of length 1, or over none by choice, is nothing', async () => {
    await sameAsRuntime(mean([0], 0));
    const nodes = [node('Relu', 'x', 'r'), node('ReduceMean', 'r', 'y', { noop_with_empty_axes: 1 })];
    const graph = importOnnx(buildOnnx({ opset: 18, nodes }));
    expect(graph.modelOutputs[0]!.shape).toEqual([1, 3, 8, 8]);
  });

  it('of sums, largest and smallest values are pools too', async () => {
    const first = node('MaxPool', 'x', 'p', { kernel_shape: [1, 1] });
    for (const operator of ['ReduceSum', 'ReduceMax', 'ReduceMin']) {
      const nodes = [first, node(operator, 'p', 'm', { axes: [2, 3] }), node('Conv', 'm w', 'y')];
      const graph = await sameAsRuntime({ opset: 12, nodes, initializers: { w: randomFloats([4, 3, 1, 1], 1) } });
      expect(graph.host).toEqual([]);
    }
  });

  it('is refused over channels, over all axes, over part of a map, and over axes that are not there', () => {
    const place = 'node m (ReduceMean)';
    // The pool before it says which axes are channels; the one behind it is the array's.
    const pooled = (axes: readonly number[]): ModelRecipe => ({
      nodes: [
        node('MaxPool', 'x', 'p', { kernel_shape: [1, 1] }),
        node('ReduceMean', 'p', 'm', { axes }),
        node('GlobalMaxPool', 'm', 'y'),
      ],
    });
    expect(codeAndPlace(pooled([1]))).toEqual(['operator-limit', place]);
    expect(codeAndPlace(pooled([1, 2, 3]))).toEqual(['operator-limit', place]);
    expect(codeAndPlace(pooled([4]))).toEqual(['graph-invalid', place]);
    expect(codeAndPlace(pooled([2, -2]))).toEqual(['graph-invalid', place]);
    const part = [
      node('MaxPool', 'x', 'p', { kernel_shape: [1, 1] }),
      node('Reshape', 'p s', 'r'),
      node('ReduceMean', 'r', 'm', { axes: [2] }),
      node('GlobalMaxPool', 'm', 'y'),
    ];
    const initializers = { s: ints([5], [1, 3, 2, 4, 8]) };
    expect(codeAndPlace({ nodes: part, initializers })).toEqual(['operator-limit', place]);
  });

  it('is refused over the images of a batch', () => {
    const nodes = [
      node('MaxPool', 'x', 'p', { kernel_shape: [1, 1] }),
      node('ReduceMean', 'p', 'm', { axes: [0, 2, 3] }),
      node('GlobalMaxPool', 'm', 'y'),
    ];
    expect(codeAndPlace({ shape: [2, 3, 4, 4], nodes })).toEqual(['operator-limit', 'node m (ReduceMean)']);
  });
});
