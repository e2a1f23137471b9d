import { expect, it } from 'vitest';
import { inspectOnnx } from '../../../src/frontend/inspect-onnx.js';
import { codeAndPlace, refusalOf } from '../../support/import-refusals.js';
import { buildOnnx, floats, ints, node } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const pool = (from: string, to = 'y') => node('MaxPool', from, to, { kernel_shape: [2, 2] });
const vector = (values: readonly number[]) => ints([values.length], values);

it('Tile repeats channels, rows and columns', async () => {
  const nodes = [node('Relu', 'x', 'r'), node('Tile', 'r i', 'a'), pool('a')];
  const graph = await sameAsRuntime({ nodes, initializers: { i: vector([1, 2, 3, 1]) } });
  expect(graph.nodes[1]).toMatchObject({ kind: 'arrange' });
});

it('Expand repeats one pixel, or one channel', async () => {
  const pixel = [node('GlobalMaxPool', 'x', 'a'), node('Expand', 'a i', 'b'), pool('b')];
  await sameAsRuntime({ nodes: pixel, initializers: { i: vector([1, 3, 4, 5]) } });
  const channel = [node('Relu', 'x', 'a'), node('Expand', 'a i', 'b'), pool('b')];
  await sameAsRuntime({ shape: [1, 1, 3, 4], nodes: channel, initializers: { i: vector([6, 1, 4]) } });
});

it('Expand of one pixel before a sum or a product is the pixel itself', async () => {
  for (const operator of ['Mul', 'Add', 'Sub']) {
    const nodes = [
      node('MaxPool', 'x', 'a', { kernel_shape: [1, 1] }),
      node('GlobalAveragePool', 'a', 'g'),
      node('Shape', 'a', 's'),
      node('Expand', 'g s', 'e'),
      node(operator, operator === 'Mul' ? 'e a' : 'a e', 'b'),
      pool('b'),
    ];
    const graph = await sameAsRuntime({ shape: [1, 3, 24, 25], nodes });
    const join = operator === 'Mul' ? 'mul' : 'add';
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['maxpool', 'averagepool', join, 'maxpool']);
  }
});

it('Expand of one pixel before anything else is refused where it is large', () => {
  const nodes = [node('GlobalAveragePool', 'x', 'g'), node('Expand', 'g i', 'e'), pool('e')];
  const error = refusalOf({ nodes, initializers: { i: vector([1, 3, 24, 25]) } });
  expect([error.code, error.where]).toEqual(['operator-limit', 'node e']);
  expect(error.hint).toContain('broadcast');
  const inspection = inspectOnnx(buildOnnx({ nodes, initializers: { i: vector([1, 3, 24, 25]) } }));
  expect(inspection.obstacles.map(({ where }) => where)).toEqual(['node e']);
});

it('Tile and Expand of constants are folded', async () => {
  const nodes = [node('Tile', 'k i', 'b'), node('Expand', 'b e', 'c'), node('Mul', 'x c', 'd'), pool('d')];
  const initializers = { k: floats([1, 1, 1], [2]), i: vector([3, 1, 1]), e: vector([1, 3, 1, 1]) };
  const graph = await sameAsRuntime({ nodes, initializers });
  expect(graph.nodes[0]).toMatchObject({ kind: 'affine', scale: Float32Array.of(2, 2, 2) });
});

it.each([
  ['Tile', [1, 2, 3], 'shape-mismatch'],
  ['Tile', [2, 1, 1, 1], 'operator-limit'],
  ['Tile', [1, 1, 8, 32], 'operator-limit'],
  ['Expand', [1, 3, 4, 5], 'shape-mismatch'],
])('%s by %j is refused', (operator, list, code) => {
  const nodes = [node('Relu', 'x', 'a'), node(operator, 'a i', 'b'), pool('b')];
  expect(codeAndPlace({ nodes, initializers: { i: vector(list) } })).toEqual([code, `node b (${operator})`]);
});
