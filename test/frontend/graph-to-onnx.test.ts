import { describe, expect, it } from 'vitest';
import type { SystoleError } from '../../src/base/error.js';
import { openFloatModel } from '../../src/frontend/float-model.js';
import type { Graph } from '../../src/frontend/graph.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import { GraphBuilder, RELU } from '../support/graph-builder.js';
import { argmax, reshape, softmax } from '../support/host-chain.js';

async function outputsOf(graph: Graph, input: readonly number[], outputs: readonly string[] = []) {
  const model = await openFloatModel(graphToOnnx(graph, { outputs }));
  try {
    const results = await model.run(Float32Array.from(input));
    return new Map([...results].map(([name, data]) => [name, Array.from(data)]));
  } finally {
    await model.close();
  }
}

async function outputOf(graph: Graph, input: readonly number[]) {
  return (await outputsOf(graph, input)).get(graph.modelOutputs[0]!.name);
}

describe('graphToOnnx', () => {
  it('writes a convolution with stride, asymmetric padding, groups and a relu', async () => {
    const graph = new GraphBuilder([1, 2, 2, 2])
      .conv({ kernel: [2, 1], strides: [2, 1], pads: [1, 0, 1, 0], groups: 2, channels: 2, ...signed(), clamp: RELU })
      .build();
    // Rows read: pad, 0 and 1, pad. Channel 0 weights (1, 2), channel 1 weights (-1, -1), bias 0 and 20.
    // Channel 0: [2*1, 2*2], [1*3, 1*4]; channel 1: [20 - 5, 20 - 6], [20 - 7, 20 - 8].
    expect(await outputOf(graph, [1, 2, 3, 4, 5, 6, 7, 8])).toEqual([2, 4, 3, 4, 15, 14, 13, 12]);
  });

  it('writes a dense layer over the flattened map in channel-first order', async () => {
    const graph = new GraphBuilder([1, 2, 1, 2]).dense({ channels: 1, weights: [1, 10, 100, 1000], bias: [5] }).build();
    expect(await outputOf(graph, [1, 2, 3, 4])).toEqual([4326]);
  });

  it('writes affine layers on maps and on vectors, with either bound of a clamp alone', async () => {
    const map = new GraphBuilder([1, 2, 1, 2])
      .affine({ scale: [2, -1], shift: [1, 0], clamp: { min: null, max: 4 } })
      .build();
    expect(await outputOf(map, [1, 2, 3, -4])).toEqual([3, 4, -3, 4]);
    const vector = new GraphBuilder([1, 2])
      .affine({ scale: [2, -1], shift: [1, 0], clamp: { min: -1, max: null } })
      .build();
    expect(await outputOf(vector, [-5, 3])).toEqual([-1, -1]);
  });

  it('writes residual adds between both bounds of a clamp', async () => {
    const graph = new GraphBuilder([1, 1, 1, 3]).add('input', 'input', { min: 0, max: 6 }).build();
    expect(await outputOf(graph, [-1, 2, 4])).toEqual([0, 4, 6]);
  });

  it('writes max pools that ignore padding and average pools that count it as zeros', async () => {
    const window = { kernel: [1, 2], strides: [1, 2], pads: [0, 1, 0, 1] } as const;
    const most = new GraphBuilder([1, 1, 1, 4]).pool('maxpool', window).build();
    expect(await outputOf(most, [-1, -2, -3, -4])).toEqual([-1, -2, -4]);
    const mean = new GraphBuilder([1, 1, 1, 4]).pool('averagepool', window).build();
    expect(await outputOf(mean, [-1, -2, -3, -4])).toEqual([-0.5, -2.5, -2]);
  });

  it('writes dilated pools', async () => {
    const window = { kernel: [1, 2], dilations: [1, 2] } as const;
    const most = new GraphBuilder([1, 1, 1, 4]).pool('maxpool', window).build();
    expect(await outputOf(most, [5, 1, 2, 3])).toEqual([5, 3]);
    const mean = new GraphBuilder([1, 1, 1, 4]).pool('averagepool', window).build();
    expect(await outputOf(mean, [5, 1, 2, 3])).toEqual([3.5, 2]);
  });

  it('writes the epilogue behind the last tensor', async () => {
    const graph = new GraphBuilder([1, 3])
      .affine({ scale: [1, 1, 1], shift: [0, 0, 0] })
      .build([reshape([3]), softmax(0), argmax(0, true)]);
    expect(await outputOf(graph, [1, 7, 3])).toEqual([1]);
  });

  it('gives other tensors as outputs under their own names, each once', async () => {
    const graph = new GraphBuilder([1, 1, 1, 2])
      .affine({ scale: [3], shift: [0] })
      .affine({ scale: [1], shift: [1] })
      .build();
    const results = await outputsOf(graph, [1, 2], ['affine0.out', 'affine1.out', 'affine0.out']);
    expect([...results.keys()].sort()).toEqual(['affine0.out', 'affine1.out']);
    expect(results.get('affine0.out')).toEqual([3, 6]);
    expect(results.get('affine1.out')).toEqual([4, 7]);
  });

  it('invents no name that the model has', async () => {
    const built = new GraphBuilder([1, 1, 1, 1]).affine({ scale: [3], shift: [1], clamp: RELU }).build();
    const name = 'affine0.scaled';
    const tensors = new Map(built.tensors).set(name, { name, shape: [1, 1, 1, 1] });
    const graph: Graph = {
      ...built,
      tensors,
      inputs: [tensors.get(name)!],
      nodes: [{ ...built.nodes[0]!, input: name } as never],
    };
    expect(await outputOf(graph, [2])).toEqual([7]);
  });

  it('gives the same bytes for the same graph', () => {
    const graph = new GraphBuilder([1, 2, 4, 4]).conv({ kernel: [3, 3], channels: 2 }).build();
    expect(graphToOnnx(graph)).toEqual(graphToOnnx(graph));
  });

  it('refuses an output that no node makes', () => {
    const graph = new GraphBuilder([1, 2]).affine().build();
    expect(() => graphToOnnx(graph, { outputs: ['elsewhere'] })).toThrow(
      expect.objectContaining<Partial<SystoleError>>({ code: 'graph-invalid' }),
    );
  });
});

function signed() {
  return { weights: [1, 2, -1, -1], bias: [0, 20] };
}
