import { describe, expect, it } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import { codeAndPlace } from '../../support/import-refusals.js';
import { float, floats, ints, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

describe('Pad', () => {
  const conv = node('Conv', 'p w', 'y', { strides: [2, 2], pads: [1, 0, 0, 1] });
  const initializers = { w: randomFloats([4, 3, 3, 3], 1), pads: ints([8], [0, 0, 1, 2, 0, 0, 3, 0]) };

  it('of zeros becomes pads of the convolution behind it', async () => {
    const graph = await sameAsRuntime({ nodes: [node('Pad', 'x pads', 'p'), conv], initializers });
    expect(graph.nodes).toMatchObject([{ kind: 'conv', name: 'y', input: 'x', pads: [2, 2, 3, 1] }]);
    const old = node('Pad', 'x', 'p', { pads: [0, 0, 1, 2, 0, 0, 3, 0], mode: 'constant' });
    await sameAsRuntime({ opset: 10, nodes: [old, conv], initializers });
    const named = { ...initializers, pads: ints([4], [1, 2, 3, 0]), axes: ints([2], [-2, 3]) };
    await sameAsRuntime({ opset: 18, nodes: [node('Pad', 'x pads _ axes', 'p'), conv], initializers: named });
  });

  it('becomes pads of an average pool behind it', async () => {
    const nodes = [node('Pad', 'x pads', 'p'), node('AveragePool', 'p', 'y', { kernel_shape: [4, 3] })];
    const graph = await sameAsRuntime({ nodes, initializers });
    expect(graph.nodes).toMatchObject([{ kind: 'averagepool', input: 'x', pads: [1, 2, 3, 0] }]);
  });

  it('of channels last is seen through the Transpose behind it', async () => {
    const nodes = [node('Pad', 'x pads', 'l'), node('Transpose', 'l', 'p', { perm: [0, 3, 1, 2] }), conv];
    const last = { ...initializers, pads: ints([8], [0, 1, 2, 0, 0, 3, 0, 0]) };
    const graph = await sameAsRuntime({ shape: [1, 8, 9, 3], nodes, initializers: last });
    expect(graph.nodes).toMatchObject([{ kind: 'conv', input: 'x', pads: [2, 2, 3, 1] }]);
  });

  it('of a sequence pads the columns', async () => {
    const nodes = [node('Pad', 'x pads', 'p'), node('Conv', 'p w', 'y')];
    const sequence = { w: randomFloats([4, 3, 3], 1), pads: ints([6], [0, 0, 2, 0, 0, 1]) };
    const graph = await sameAsRuntime({ shape: [1, 3, 9], nodes, initializers: sequence });
    expect(graph.nodes).toMatchObject([{ pads: [0, 2, 0, 1] }]);
  });

  it('of nothing is nothing', async () => {
    const none = { ...initializers, pads: ints([8], new Array<number>(8).fill(0)) };
    await sameAsRuntime({ nodes: [node('Pad', 'x pads', 'p'), node('Relu', 'p', 'y')], initializers: none });
  });

  it.each([
    ['before a max pool', 'MaxPool', { kernel_shape: [2, 2] }],
    ['before an activation', 'Relu', {}],
  ])('of zeros is made where %s needs it, once for all readers', async (_, operator, attributes) => {
    const nodes = [
      node('Relu', 'x', 'r'),
      node('Pad', 'r pads', 'p'),
      node(operator, 'p', 'a', attributes),
      node(operator, 'p', 'b', attributes),
      node('Add', 'a b', 'y'),
    ];
    const graph = await sameAsRuntime({ nodes, initializers });
    expect(graph.nodes.filter(({ kind }) => kind === 'arrange')).toMatchObject([{ name: 'p', sources: ['p'] }]);
  });

  it('at the end is made as well', async () => {
    const nodes = [node('Relu', 'x', 'r'), node('Pad', 'r pads', 'y')];
    const graph = await sameAsRuntime({ nodes, initializers });
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['affine', 'arrange']);
  });

  it('of every mode on every side computes what ONNX Runtime computes', async () => {
    const random = randomSource(3);
    for (const mode of ['constant', 'reflect', 'edge', 'wrap']) {
      for (let i = 0; i < 6; i++) {
        const side = () => random.integer(i % 2 === 0 || mode === 'wrap' ? 0 : -2, 2);
        const pads = [0, 0, side(), side(), 0, 0, side(), side()];
        const nodes = [node('Pad', 'x pads v', 'p', { mode }), node('MaxPool', 'p', 'y', { kernel_shape: [1, 1] })];
        const constants = { pads: ints([8], pads), v: floats([], [i < 3 ? 0 : 0.5]) };
        await sameAsRuntime({ opset: 19, shape: [1, 2, 6, 7], nodes, initializers: constants });
      }
    }
  });

  it('of channels, and of another value, is a rearranged map', async () => {
    const nodes = [node('Pad', 'x pads v', 'p'), node('Relu', 'p', 'y')];
    const channels = { pads: ints([8], [0, 1, 0, 0, 0, 2, 1, 0]), v: floats([], [-0.5]) };
    const graph = await sameAsRuntime({ shape: [1, 2, 3, 3], nodes, initializers: channels });
    expect(graph.nodes).toMatchObject([{ kind: 'arrange', fill: -0.5 }, { kind: 'affine' }]);
    const old = [node('Pad', 'x', 'p', { pads: [0, 1, 0, 0, 0, 2, 1, 0], value: float(2) }), node('Relu', 'p', 'y')];
    await sameAsRuntime({ opset: 7, shape: [1, 2, 3, 3], nodes: old });
  });

  it.each([
    ['of the batch', [1, 0, 0, 0, 0, 0, 0, 0], {}, 'operator-limit'],
    ['that cuts everything off', [0, 0, -8, 0, 0, 0, 0, 0], {}, 'operator-limit'],
    ['that mirrors more than there is', [0, 0, 8, 0, 0, 0, 0, 0], { mode: 'reflect' }, 'operator-limit'],
    ['of another number', [0, 0, 1, 0], {}, 'shape-mismatch'],
  ])('is refused %s', (_, pads, attributes, code) => {
    const nodes = [node('MaxPool', 'x', 'm', { kernel_shape: [1, 1] }), node('Pad', 'm pads', 'p', attributes), conv];
    const padded = { ...initializers, pads: ints([pads.length], pads) };
    expect(codeAndPlace({ nodes, initializers: padded })).toEqual([code, 'node p (Pad)']);
  });

  it('is refused with a value that is no number', () => {
    const nodes = [node('MaxPool', 'x', 'm', { kernel_shape: [1, 1] }), node('Pad', 'm pads v', 'p'), conv];
    const infinite = { ...initializers, v: floats([], [Number.NEGATIVE_INFINITY]) };
    expect(codeAndPlace({ nodes, initializers: infinite })).toEqual(['operator-limit', 'node p (Pad)']);
  });
});
