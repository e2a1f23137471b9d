import { expect, it } from 'vitest';
import { codeAndPlace } from '../../support/import-refusals.js';
import { ints, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const first = node('MaxPool', 'x', 'r', { kernel_shape: [1, 1] });
const last = node('MaxPool', 'a', 'y', { kernel_shape: [2, 2] });
const vector = (values: readonly number[]) => ints([values.length], values);

it('DepthToSpace in both orders, and in its first form, is a part for each place in the block', async () => {
  for (const mode of ['DCR', 'CRD']) {
    const nodes = [first, node('DepthToSpace', 'r', 'a', { blocksize: 2, mode }), last];
    const graph = await sameAsRuntime({ shape: [1, 12, 3, 4], nodes });
    const [, arrange] = graph.nodes;
    expect(arrange?.kind === 'arrange' && arrange.parts.length).toBe(4);
  }
  const old = [first, node('DepthToSpace', 'r', 'a', { blocksize: 3 }), last];
  await sameAsRuntime({ opset: 7, shape: [1, 18, 3, 4], nodes: old });
});

it('SpaceToDepth is the way back', async () => {
  await sameAsRuntime({ shape: [1, 3, 6, 4], nodes: [first, node('SpaceToDepth', 'r', 'a', { blocksize: 2 }), last] });
  const round = [
    node('SpaceToDepth', 'x', 's', { blocksize: 2 }),
    node('DepthToSpace', 's', 'a', { blocksize: 2 }),
    last,
  ];
  await sameAsRuntime({ shape: [1, 3, 6, 4], nodes: round });
});

it('a pixel shuffle by Reshape and Transpose is the same', async () => {
  const nodes = [
    first,
    node('Reshape', 'r s', 'b'),
    node('Transpose', 'b', 'c', { perm: [0, 1, 4, 2, 5, 3] }),
    node('Reshape', 'c t', 'd'),
    node('Conv', 'd w', 'y'),
  ];
  const initializers = { s: vector([1, 3, 2, 2, 3, 4]), t: vector([1, 3, 6, 8]), w: randomFloats([2, 3, 3, 3], 1) };
  const graph = await sameAsRuntime({ shape: [1, 12, 3, 4], nodes, initializers });
  expect(graph.nodes.map(({ kind }) => kind)).toEqual(['maxpool', 'arrange', 'conv']);
});

it.each([
  ['DepthToSpace', [1, 10, 3, 4], 2, 'shape-mismatch'],
  ['SpaceToDepth', [1, 3, 5, 4], 2, 'shape-mismatch'],
  ['SpaceToDepth', [1, 3, 4, 4], 0, 'shape-mismatch'],
])('%s of %j by %i is refused', (operator, shape, blocksize, code) => {
  const nodes = [first, node(operator, 'r', 'a', { blocksize }), last];
  expect(codeAndPlace({ shape, nodes })).toEqual([code, `node a (${operator})`]);
});
