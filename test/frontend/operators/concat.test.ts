import { describe, expect, it } from 'vitest';
import { codeAndPlace } from '../../support/import-refusals.js';
import { floats, ints, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const FIRST = { perm: [0, 3, 1, 2] };
const LAST = { perm: [0, 2, 3, 1] };
const pool = (from: string, to: string) => node('MaxPool', from, to, { kernel_shape: [2, 2] });
const relu = node('Relu', 'x', 'r');

describe('Concat', () => {
  it('of channels, rows and columns is a rearranged map', async () => {
    for (const axis of [1, 2, 3, -1]) {
      const nodes = [relu, node('Concat', 'x r x', 'c', { axis }), pool('c', 'y')];
      const graph = await sameAsRuntime({ nodes });
      expect(graph.nodes.map(({ kind }) => kind)).toEqual(['affine', 'arrange', 'maxpool']);
    }
  });

  it('of maps with different channels keeps their order', async () => {
    const nodes = [
      node('Conv', 'x w', 'a'),
      node('Conv', 'x v', 'b'),
      node('Concat', 'a b', 'c', { axis: 1 }),
      pool('c', 'y'),
    ];
    await sameAsRuntime({
      nodes,
      initializers: { w: randomFloats([2, 3, 3, 3], 1), v: randomFloats([5, 3, 3, 3], 2) },
    });
  });

  it('of channels last is one of channels', async () => {
    const nodes = [
      node('Transpose', 'x', 't', FIRST),
      pool('t', 'a'),
      node('AveragePool', 't', 'b', { kernel_shape: [2, 2] }),
      node('Transpose', 'a', 'al', LAST),
      node('Transpose', 'b', 'bl', LAST),
      node('Concat', 'al bl', 'c', { axis: 3 }),
      node('Transpose', 'c', 'cf', FIRST),
      pool('cf', 'y'),
    ];
    const graph = await sameAsRuntime({ shape: [1, 6, 5, 3], nodes });
    expect(graph.nodes.filter(({ kind }) => kind === 'arrange')).toHaveLength(1);
  });

  it('of flattened maps before a dense layer is one of channels', async () => {
    const flat = (from: string, to: string) => node('Flatten', from, to);
    for (const kernel of [7, 8]) {
      const nodes = [
        node('MaxPool', 'x', 'a', { kernel_shape: [kernel, kernel] }),
        node('AveragePool', 'x', 'b', { kernel_shape: [kernel, kernel] }),
        flat('a', 'fa'),
        flat('b', 'fb'),
        node('Concat', 'fa fb', 'c', { axis: 1 }),
        node('Gemm', 'c w', 'y'),
      ];
      await sameAsRuntime({ nodes, initializers: { w: randomFloats([6 * (9 - kernel) ** 2, 4], 1) } });
    }
  });

  it('of a sequence joins channels or columns', async () => {
    for (const axis of [1, 2]) {
      const nodes = [relu, node('Concat', 'r x', 'c', { axis }), node('MaxPool', 'c', 'y', { kernel_shape: [2] })];
      await sameAsRuntime({ shape: [1, 3, 7], nodes });
    }
  });

  it('with a constant of one number fills its place', async () => {
    const nodes = [relu, node('Concat', 'z r z', 'c', { axis: 1 }), pool('c', 'y')];
    const constant = (value: number) => floats([1, 2, 8, 8], new Array<number>(128).fill(value));
    const graph = await sameAsRuntime({ nodes, initializers: { z: constant(0.5) } });
    expect(graph.nodes[1]).toMatchObject({ kind: 'arrange', fill: 0.5, parts: [{ to: { c: 2 } }] });
  });

  it('of one tensor is the tensor', async () => {
    const graph = await sameAsRuntime({ nodes: [relu, node('Concat', 'r', 'c', { axis: 1 }), pool('c', 'y')] });
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['affine', 'maxpool']);
  });

  it('at the end, of views that are no maps, is the host’s', async () => {
    const view = (from: string, to: string) => node('Transpose', from, to, LAST);
    const flat = (from: string, to: string) => node('Reshape', `${from} s`, to);
    const nodes = [
      node('Conv', 'x w', 'a'),
      node('Conv', 'a v', 'b'),
      view('a', 'al'),
      view('b', 'bl'),
      flat('al', 'ar'),
      flat('bl', 'br'),
      node('Concat', 'ar br', 'y', { axis: 1 }),
    ];
    const initializers = {
      w: randomFloats([4, 3, 3, 3], 1),
      v: randomFloats([4, 4, 3, 3], 2),
      s: ints([3], [1, -1, 2]),
    };
    const graph = await sameAsRuntime({ nodes, initializers });
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['conv', 'conv']);
  });

  it.each([
    ['along the batch', node('Concat', 'r x', 'c', { axis: 0 }), 'operator-limit'],
    ['of other shapes', node('Concat', 'r x', 'c', { axis: 2 }), 'shape-mismatch'],
    ['along an axis that is not there', node('Concat', 'r x', 'c', { axis: 4 }), 'graph-invalid'],
    ['with a constant of other rows', node('Concat', 'r short', 'c', { axis: 1 }), 'shape-mismatch'],
    ['with a constant of several numbers', node('Concat', 'r k', 'c', { axis: 1 }), 'operator-limit'],
  ])('is refused %s', (_, concat, code) => {
    const before = code === 'shape-mismatch' ? pool('x', 'r') : relu;
    const nodes = [before, concat, pool('c', 'y')];
    const initializers = { k: randomFloats([1, 1, 8, 8], 1), short: floats([1, 1, 4, 8], new Float32Array(32)) };
    expect(codeAndPlace({ nodes, initializers })).toEqual([code, 'node c (Concat)']);
  });
});
