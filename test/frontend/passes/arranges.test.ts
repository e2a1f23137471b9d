import { describe, expect, it } from 'vitest';
import { checkGraph } from '../../../src/frontend/check-graph.js';
import type { ArrangeNode, Graph } from '../../../src/frontend/graph.js';
import { absorbShuffle } from '../../../src/frontend/passes/absorb-shuffle.js';
import { mergeArranges } from '../../../src/frontend/passes/merge-arranges.js';
import { randomGraph } from '../../../src/frontend/random-graph.js';
import { evaluateGraph } from '../../support/evaluate-graph.js';
import { ints, type ModelRecipe, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const kinds = (graph: Graph): readonly string[] => graph.nodes.map(({ kind }) => kind);
const arrangesOf = (graph: Graph): ArrangeNode[] =>
  graph.nodes.filter((node): node is ArrangeNode => node.kind === 'arrange');
const vector = (values: readonly number[]) => ints([values.length], values);
const pool = (from: string, to: string) => node('MaxPool', from, to, { kernel_shape: [1, 1] });
const shuffle = (from: string, to: string): ModelRecipe['nodes'] => [
  node('Reshape', `${from} s`, `${to}1`),
  node('Transpose', `${to}1`, `${to}2`, { perm: [0, 2, 1, 3, 4] }),
  node('Reshape', `${to}2 t`, to),
];
const shuffling = { s: vector([1, 2, 4, 4, 4]), t: vector([1, 8, 4, 4]), w: randomFloats([3, 8, 3, 3], 1) };

describe('merge-arranges', () => {
  it('takes a slice of joined maps from the map it lies in', async () => {
    const nodes = [
      pool('x', 'a'),
      node('AveragePool', 'x', 'b', { kernel_shape: [1, 1] }),
      node('Concat', 'a b', 'c', { axis: 1 }),
      node('Split', 'c', 'd e', { axis: 1 }),
      node('Concat', 'e d', 'f', { axis: 1 }),
      pool('f', 'y'),
    ];
    const graph = await sameAsRuntime({ nodes });
    expect(kinds(graph)).toEqual(['maxpool', 'averagepool', 'arrange', 'maxpool']);
    expect(arrangesOf(graph)[0]).toMatchObject({
      parts: [{ input: 'b' }, { input: 'a' }],
    });
  });

  it('removes what goes there and back', async () => {
    const nodes = [
      pool('x', 'a'),
      node('SpaceToDepth', 'a', 'b', { blocksize: 2 }),
      node('DepthToSpace', 'b', 'c', { blocksize: 2 }),
      pool('c', 'y'),
    ];
    expect(kinds(await sameAsRuntime({ nodes }))).toEqual(['maxpool', 'maxpool']);
  });

  it('keeps what something else reads, and the fills of both', async () => {
    const pad = (from: string, to: string, value: string) => node('Pad', `${from} p ${value}`, to);
    const nodes = [pool('x', 'a'), pad('a', 'b', 'one'), pad('b', 'c', 'two'), pool('c', 'y')];
    const pads = { p: vector([0, 0, 1, 0, 0, 0, 0, 1]), one: randomFloats([], 1), two: randomFloats([], 2) };
    expect(kinds(await sameAsRuntime({ nodes, initializers: pads }))).toEqual([
      'maxpool',
      'arrange',
      'arrange',
      'maxpool',
    ]);
    const same = [pool('x', 'a'), pad('a', 'b', 'one'), pad('b', 'c', 'one'), pool('c', 'y')];
    expect(kinds(await sameAsRuntime({ nodes: same, initializers: pads }))).toEqual(['maxpool', 'arrange', 'maxpool']);
  });

  it('changes no value of random graphs', () => {
    let merged = 0;
    for (let seed = 0; seed < 150; seed++) {
      const graph = randomGraph(seed, 'all');
      const once = absorbShuffle(mergeArranges(graph));
      checkGraph(once, 'merge-arranges');
      merged += arrangesOf(graph).length - arrangesOf(once).length;
      const [input, output] = [graph.inputs[0]!, graph.outputs[0]!];
      const size = input.shape.reduce((a, b) => a * b, 1);
      const values = Array.from({ length: size }, (_, i) => Math.sin(i));
      const expected = evaluateGraph(graph, values).get(output.name)!;
      const found = evaluateGraph(once, values).get(output.name)!;
      const difference = Math.max(...expected.map((value, i) => Math.abs(value - found[i]!)));
      expect(difference, `seed ${seed}`).toBeLessThan(1e-9);
    }
    expect(merged).toBeGreaterThan(10);
  });
});

describe('absorb-shuffle', () => {
  it('gives a shuffle of channels to the weights behind it', async () => {
    const nodes = [pool('x', 'a'), ...shuffle('a', 'b'), node('Conv', 'b w', 'y')];
    const graph = await sameAsRuntime({ shape: [1, 8, 4, 4], nodes, initializers: shuffling });
    expect(kinds(graph)).toEqual(['maxpool', 'conv']);
  });

  it('keeps one that groups, or something else, read', async () => {
    const grouped = [pool('x', 'a'), ...shuffle('a', 'b'), node('Conv', 'b v', 'y', { group: 2 })];
    const initializers = { ...shuffling, v: randomFloats([2, 4, 1, 1], 1) };
    expect(kinds(await sameAsRuntime({ shape: [1, 8, 4, 4], nodes: grouped, initializers }))).toContain('arrange');
    const shared = [pool('x', 'a'), ...shuffle('a', 'b'), node('Conv', 'b w', 'c'), pool('b', 'd')];
    const both = [
      ...shared,
      node('MaxPool', 'd', 'e', { kernel_shape: [3, 3] }),
      node('Concat', 'c e', 'f', { axis: 1 }),
      pool('f', 'y'),
    ];
    expect(kinds(await sameAsRuntime({ shape: [1, 8, 4, 4], nodes: both, initializers }))).toContain('arrange');
  });
});
