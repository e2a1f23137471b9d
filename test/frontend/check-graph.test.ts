import { describe, expect, it } from 'vitest';
import { SystoleError } from '../../src/base/error.js';
import { checkGraph } from '../../src/frontend/check-graph.js';
import type { Graph, GraphNode, Shape } from '../../src/frontend/graph.js';
import { GraphBuilder, RELU } from '../support/graph-builder.js';
import { argmax, type ChainOp, hostChain, reshape, softmax, transpose } from '../support/host-chain.js';

/** 1x2x4x4 -> conv0 -> affine1 -> add2 with the input -> averagepool3 to 2x2 -> maxpool4 -> dense5 -> softmax, argmax */
function valid(): Graph {
  return new GraphBuilder([1, 2, 4, 4])
    .conv({ kernel: [3, 3], pads: [1, 1, 1, 1], channels: 2, clamp: RELU })
    .affine()
    .add('input')
    .pool('averagepool', { kernel: [2, 2], strides: [2, 2] })
    .pool('maxpool', { kernel: [1, 1] })
    .dense({ channels: 3 })
    .build([softmax(1), argmax(1, false)]);
}

/** The refusal of the graph with one node changed; null where it is valid. */
function fault(graph: Graph): SystoleError | null {
  try {
    checkGraph(graph, 'the test');
    return null;
  } catch (error) {
    if (error instanceof SystoleError) return error;
    throw error;
  }
}
const withNode = (index: number, change: object): Graph => {
  const graph = valid();
  return { ...graph, nodes: graph.nodes.with(index, { ...graph.nodes[index], ...change } as GraphNode) };
};
const withTensor = (name: string, shape: readonly number[]): Graph => {
  const graph = valid();
  return { ...graph, tensors: new Map([...graph.tensors, [name, { name, shape }]]) };
};
const whereOf = (graph: Graph): readonly (string | undefined)[] => {
  const error = fault(graph);
  return [error?.code, error?.where];
};
const floats = (length: number, value = 1): Float32Array => new Float32Array(length).fill(value);

it('a valid graph is valid', () => {
  expect(fault(valid())).toBeNull();
});

describe('a graph is invalid', () => {
  it.each<[string, Graph, string]>([
    ['without nodes', { ...valid(), nodes: [] }, 'built'],
    ['with one name for two nodes', withNode(1, { name: 'conv0' }), 'conv0'],
    ['with one tensor made twice', withNode(2, { output: 'conv0.out' }), 'add2'],
    ['that makes its input', withNode(5, { output: 'input' }), 'dense5'],
    ['that uses what is not made', withNode(3, { input: 'nothing' }), 'averagepool3'],
    ['that uses what is made later', { ...valid(), nodes: valid().nodes.toReversed() }, 'dense5'],
    ['that makes what nothing uses', withNode(1, { input: 'input' }), 'conv0'],
    ['whose output nothing makes', { ...valid(), outputs: [{ name: 'input', shape: [1, 2, 4, 4] }] }, 'dense5'],
    ['with a tensor without shape', withNode(5, { output: 'unheard' }), 'dense5'],
    ['with a tensor of three axes', withTensor('conv0.out', [1, 2, 16]), 'conv0.out'],
    ['with a batch of two', withTensor('conv0.out', [2, 2, 4, 4]), 'conv0.out'],
    ['with a dimension of zero', withTensor('conv0.out', [1, 2, 4, 0]), 'conv0.out'],
    ['with half a dimension', withTensor('conv0.out', [1, 2, 4, 1.5]), 'conv0.out'],
    [
      'with a tensor under another name',
      { ...valid(), tensors: new Map([...valid().tensors, ['input', { name: 'other', shape: [1, 2, 4, 4] }]]) },
      'input',
    ],
  ])('%s', (_, graph, where) => {
    expect(whereOf(graph)).toEqual(['graph-invalid', where]);
  });

  it('without a shape for its input', () => {
    const tensors = new Map(valid().tensors);
    tensors.delete('input');
    expect(whereOf({ ...valid(), tensors })).toEqual(['graph-invalid', 'input']);
  });

  it.each<[string, number, object]>([
    ['a convolution of another kernel', 0, { kernel: [2, 2] }],
    ['a convolution whose weights have other axes', 0, { weights: { shape: [2, 2, 9], data: floats(36) } }],
    ['a convolution of other input channels', 0, { weights: { shape: [2, 1, 3, 3], data: floats(18) } }],
    ['a convolution of other output channels', 0, { weights: { shape: [3, 2, 3, 3], data: floats(54) } }],
    ['groups that do not divide the outputs', 0, { groups: 2, weights: { shape: [3, 1, 3, 3], data: floats(27) } }],
    ['half a group', 0, { groups: 0.5 }],
    ['too few biases of a convolution', 0, { bias: { shape: [1], data: floats(1) } }],
    ['a window that makes another size', 0, { pads: [0, 0, 0, 0] }],
    ['a window beyond its input', 0, { dilations: [3, 1] }],
    ['a stride of zero', 0, { strides: [0, 1] }],
    ['a kernel of zero', 3, { kernel: [0, 2] }],
    ['half a pad', 3, { pads: [0.5, 0, 0, 0] }],
    ['a negative pad', 4, { pads: [-1, 0, 1, 0] }],
    ['weights that do not fill their shape', 0, { weights: { shape: [2, 2, 3, 3], data: floats(35) } }],
    ['biases that do not fill their shape', 5, { bias: { shape: [3], data: floats(2) } }],
    ['too few scales', 1, { scale: floats(1) }],
    ['too few shifts', 1, { shift: floats(3) }],
    ['an addition of two shapes', 3, { kind: 'add', inputs: ['input', 'add2.out'], clamp: RELU }],
    ['an affine node that changes the shape', 3, { kind: 'affine', scale: floats(2), shift: floats(2), clamp: RELU }],
    ['a dense layer of other inputs', 5, { weights: { shape: [3, 7], data: floats(21) } }],
    ['a dense layer of other outputs', 5, { weights: { shape: [4, 8], data: floats(32) } }],
    ['too few biases of a dense layer', 5, { bias: { shape: [2], data: floats(2) } }],
    ['an empty clamp', 0, { clamp: { min: 1, max: 0 } }],
    ['a clamp at infinity', 2, { clamp: { min: null, max: Number.POSITIVE_INFINITY } }],
    ['a clamp at NaN', 3, { clamp: { min: Number.NaN, max: null } }],
  ])('with %s', (_, index, change) => {
    expect(whereOf(withNode(index, change))).toEqual(['graph-invalid', valid().nodes[index]!.name]);
  });

  it('with a window over a vector', () => {
    const graph = new GraphBuilder([1, 4]).pool('maxpool', { kernel: [1, 1] }).build();
    expect(whereOf(graph)).toEqual(['graph-invalid', 'maxpool0']);
  });

  it('with a pool that changes the channels', () => {
    const tensors = new Map([
      ...valid().tensors,
      ['averagepool3.out', { name: 'averagepool3.out', shape: [1, 4, 2, 2] }],
    ]);
    expect(whereOf({ ...valid(), tensors })).toEqual(['graph-invalid', 'averagepool3']);
  });

  it.each([
    [
      'weights',
      0,
      { weights: { shape: [2, 2, 3, 3], data: floats(36).fill(Number.NaN, 7, 8) } },
      'node conv0, weights[7]',
    ],
    ['biases', 5, { bias: { shape: [3], data: Float32Array.of(0, Infinity, 0) } }, 'node dense5, biases[1]'],
    ['scales', 1, { scale: Float32Array.of(0, Number.NaN) }, 'node affine1, scales[1]'],
    ['shifts', 1, { shift: Float32Array.of(-Infinity, 0) }, 'node affine1, shifts[0]'],
  ])('with %s that are not finite, by a code of their own', (_, index, change, where) => {
    expect(whereOf(withNode(index, change))).toEqual(['weights-not-finite', where]);
  });

  const behind = (...ops: readonly ChainOp[]): Graph => ({ ...valid(), ...hostChain(valid().outputs[0]!, ops) });
  const as = (op: ChainOp, shape: Shape): ChainOp => ({ ...op, after: () => shape });

  it.each<[string, Graph, string]>([
    ['a reshape to another size', behind(reshape([2])), 'r'],
    ['a transpose of axes that are not there', behind(as(transpose([0, 2]), [1, 3])), 't'],
    ['a transpose of one axis twice', behind(transpose([1, 1])), 't'],
    ['a softmax along an axis that is not there', behind(softmax(2)), 's'],
    ['an argmax along an axis from the end', behind(as(argmax(-1, true), [1, 1])), 'a'],
    ['an argmax that keeps all', behind(as(argmax(1, true), [1, 3])), 'model_output'],
    ['steps that lead elsewhere', behind(reshape([3, 1])), 'model_output'],
  ])('with %s for the host', (_, graph, where) => {
    expect(whereOf(graph)).toEqual(['graph-invalid', where]);
  });

  it('whose host makes a tensor that is there', () => {
    const graph = { ...valid(), ...hostChain(valid().outputs[0]!, [softmax(1)], 'add2.out') };
    expect(whereOf(graph)).toEqual(['graph-invalid', 'add2.out']);
  });

  it('whose model output has the name of another tensor', () => {
    const modelOutputs = [{ ...valid().modelOutputs[0]!, name: 'add2.out' }];
    expect(whereOf({ ...valid(), modelOutputs })).toEqual(['graph-invalid', 'add2.out']);
  });

  it('whose host reads what is not there', () => {
    const graph = { ...valid(), ...hostChain({ name: 'nothing', shape: [1, 3] }, [softmax(1)]) };
    expect(whereOf(graph)).toEqual(['graph-invalid', 's']);
  });

  it('whose output has two shapes', () => {
    expect(whereOf({ ...valid(), outputs: [{ name: 'dense5.out', shape: [1, 4] }] })).toEqual([
      'graph-invalid',
      'dense5.out',
    ]);
  });

  it.each([
    ['of another number of values', { modelShape: [1, 31], split: [4, 4, 2], permutation: [2, 0, 1] }],
    ['split into another number of values', { modelShape: [1, 32], split: [4, 4], permutation: [1, 0] }],
    ['that permutes axes it has not', { modelShape: [1, 32], split: [4, 4, 2], permutation: [0, 1, 3] }],
  ])('whose input has a layout %s', (_, layout) => {
    const [input] = valid().inputs;
    expect(whereOf({ ...valid(), inputs: [{ ...input!, layout }] })).toEqual(['graph-invalid', 'input']);
  });
});

it('the message says after which step', () => {
  expect(fault({ ...valid(), nodes: [] })!.message).toBe('the graph breaks a rule after the test: it has no nodes');
});
