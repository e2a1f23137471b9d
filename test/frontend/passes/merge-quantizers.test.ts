import { describe, expect, it } from 'vitest';
import type { GraphNode, QuantNode } from '../../../src/frontend/graph.js';
import { type BuiltNode, floats, type ModelRecipe, node } from '../../support/onnx-builder.js';
import { type Grid, joined, type Piece, quantized } from '../../support/qdq.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const GRID: Grid = { scale: 1 / 16, zero: 4 };
const MAX_POOL = { kernel_shape: [2, 2] };

/** On a map, so that the input's layout is known. */
function model(...pieces: readonly (Piece | BuiltNode)[]): ModelRecipe {
  const first = node('MaxPool', 'x', 'p', { kernel_shape: [1, 1] });
  const { nodes, initializers } = joined(first, ...pieces);
  const bounds = { zero: floats([], [0]), half: floats([], [0.5]), third: floats([], [1 / 3]) };
  return { shape: [1, 2, 4, 4], nodes, initializers: { ...bounds, ...initializers }, outputs: ['y'] };
}

const kinds = (nodes: readonly GraphNode[]): string[] => nodes.slice(1).map((n) => n.kind);
const range = (n: GraphNode | undefined): number[] => {
  const quantizer = (n as QuantNode).quantizer;
  return quantizer.kind === 'uniform' ? [quantizer.lo, quantizer.hi] : [];
};

describe('merge-quantizers', () => {
  it('removes a quantizer behind one of its grid, with max pools between or nothing', async () => {
    const twice = model(quantized('p', 'a', GRID), quantized('a', 'y', GRID));
    expect(kinds((await sameAsRuntime(twice)).nodes)).toEqual(['quant']);
    const pools = model(
      quantized('p', 'a', GRID),
      node('MaxPool', 'a', 'b', MAX_POOL),
      node('MaxPool', 'b', 'c', MAX_POOL),
      quantized('c', 'y', GRID),
    );
    expect(kinds((await sameAsRuntime(pools)).nodes)).toEqual(['quant', 'maxpool', 'maxpool']);
  });

  it('keeps one of another scale, another zero point, or fewer codes behind a pool', async () => {
    for (const other of [
      { ...GRID, scale: 1 / 32 },
      { ...GRID, zero: 5 },
    ]) {
      const recipe = model(quantized('p', 'a', GRID), quantized('a', 'y', other));
      expect(kinds((await sameAsRuntime(recipe)).nodes)).toEqual(['quant', 'quant']);
    }
    const bytes = { ...GRID, type: 'uint8' } as const;
    const recipe = model(quantized('p', 'a', GRID), node('MaxPool', 'a', 'b', MAX_POOL), quantized('b', 'y', bytes));
    expect(kinds((await sameAsRuntime(recipe)).nodes)).toEqual(['quant', 'maxpool', 'quant']);
  });

  it('keeps one behind an average pool, which leaves the grid', async () => {
    const recipe = model(quantized('p', 'a', GRID), node('AveragePool', 'a', 'b', MAX_POOL), quantized('b', 'y', GRID));
    expect(kinds((await sameAsRuntime(recipe)).nodes)).toEqual(['quant', 'averagepool', 'quant']);
  });

  it('narrows a quantizer by another range of its grid', async () => {
    const recipe = model(quantized('p', 'a', GRID), quantized('a', 'y', { ...GRID, type: 'uint8' }));
    const { nodes } = await sameAsRuntime(recipe);
    expect(kinds(nodes)).toEqual(['quant']);
    expect(range(nodes[1])).toEqual([0, 127]);
  });

  it('narrows a quantizer by a clamp whose ends are on its grid, and by no other', async () => {
    const relu = await sameAsRuntime(model(quantized('p', 'a', GRID), node('Relu', 'a', 'y')));
    expect(range(relu.nodes[1])).toEqual([4, 127]);
    const clip = await sameAsRuntime(model(quantized('p', 'a', GRID), node('Clip', 'a zero half', 'y')));
    expect(range(clip.nodes[1])).toEqual([4, 12]);
    const between = await sameAsRuntime(model(quantized('p', 'a', GRID), node('Clip', 'a zero third', 'y')));
    expect(kinds(between.nodes)).toEqual(['quant', 'affine']);
  });

  it('a clamp above all codes leaves one', async () => {
    const grid = { ...GRID, zero: 127 };
    const recipe = model(quantized('p', 'a', grid), node('Clip', 'a half', 'b'), quantized('b', 'y', GRID));
    expect(kinds((await sameAsRuntime(recipe)).nodes)).toEqual(['quant', 'quant']);
  });

  it('leaves codes alone that something else sees', async () => {
    const recipe = model(quantized('p', 'a', GRID), node('Relu', 'a', 'b'), node('Add', 'a b', 'y'));
    const { nodes } = await sameAsRuntime(recipe);
    expect(kinds(nodes)).toEqual(['quant', 'affine', 'add']);
    expect(range(nodes[1])).toEqual([-128, 127]);
  });

  it('shares quantizers of one tensor, and what reads either of them then reads both', async () => {
    const recipe = model(
      quantized('p', 'a', GRID),
      quantized('p', 'b', GRID),
      node('Relu', 'a', 'r'),
      node('Add', 'r b', 'y'),
    );
    const { nodes } = await sameAsRuntime(recipe);
    expect(kinds(nodes)).toEqual(['quant', 'affine', 'add']);
    expect(range(nodes[1])).toEqual([-128, 127]);
  });
});
