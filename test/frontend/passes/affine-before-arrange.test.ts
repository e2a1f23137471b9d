import { describe, expect, it } from 'vitest';
import { checkGraph } from '../../../src/frontend/check-graph.js';
import type { AffineNode, ArrangeNode, Graph } from '../../../src/frontend/graph.js';
import { affineBeforeArrange } from '../../../src/frontend/passes/affine-before-arrange.js';
import { randomGraph } from '../../../src/frontend/random-graph.js';
import { evaluateGraph } from '../../support/evaluate-graph.js';
import { floats, ints, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const kinds = (graph: Graph): readonly string[] => graph.nodes.map(({ kind }) => kind);
const arrangesOf = (graph: Graph): ArrangeNode[] =>
  graph.nodes.filter((node): node is ArrangeNode => node.kind === 'arrange');
const vector = (values: readonly number[]) => ints([values.length], values);
const pool = (from: string, to: string) => node('MaxPool', from, to, { kernel_shape: [1, 1] });

describe('affine-before-arrange', () => {
  const norm = (from: string, to: string) => node('BatchNormalization', `${from} a1 b1 m1 v1`, to);
  const channels = (count: number) => ({
    ...{ a1: randomFloats([count], 4), b1: randomFloats([count], 5), m1: randomFloats([count], 6) },
    v1: floats(
      [count],
      Array.from({ length: count }, (_, c) => 1 + c),
    ),
  });

  it('gives batch norm and relu behind a transposed convolution to its phases', async () => {
    const nodes = [
      node('ConvTranspose', 'x w', 'u', { strides: [2, 2] }),
      norm('u', 'n'),
      node('Relu', 'n', 'r'),
      pool('r', 'y'),
    ];
    const initializers = { w: randomFloats([3, 5, 2, 2], 1), ...channels(5) };
    const graph = await sameAsRuntime({ nodes, initializers });
    expect(kinds(graph)).toEqual(['conv', 'conv', 'conv', 'conv', 'arrange', 'maxpool']);
    expect(graph.nodes[0]).toMatchObject({ clamp: { min: 0, max: null }, sources: ['u', 'n', 'r'] });
  });

  it('gives each convolution before a Concat its own channels of what is behind it', async () => {
    const convs = [node('Conv', 'x w', 'a'), node('Conv', 'x v', 'b'), node('Concat', 'a b', 'c', { axis: 1 })];
    const nodes = [...convs, norm('c', 'n'), node('Clip', 'n zero six', 'r'), pool('r', 'y')];
    const initializers = {
      ...{ w: randomFloats([2, 3, 3, 3], 1), v: randomFloats([3, 3, 3, 3], 2), ...channels(5) },
      ...{ zero: floats([], [0]), six: floats([], [6]) },
    };
    expect(kinds(await sameAsRuntime({ nodes, initializers }))).toEqual(['conv', 'conv', 'arrange', 'maxpool']);
  });

  it('moves the fill with the values, or stays where channels make different ones of it', async () => {
    const nodes = [node('Conv', 'x w', 'a'), node('Pad', 'a p one', 'b'), node('Relu', 'b', 'c'), pool('c', 'y')];
    const initializers = {
      ...{ w: randomFloats([5, 3, 3, 3], 1), p: vector([0, 0, 1, 0, 0, 0, 0, 1]), one: floats([], [-1]) },
      ...channels(5),
    };
    const graph = await sameAsRuntime({ nodes, initializers });
    expect(kinds(graph)).toEqual(['conv', 'arrange', 'maxpool']);
    expect(arrangesOf(graph)[0]!.fill).toBe(0);
    const normed = nodes.with(2, norm('b', 'c'));
    expect(kinds(await sameAsRuntime({ nodes: normed, initializers }))).toEqual([
      'conv',
      'arrange',
      'affine',
      'maxpool',
    ]);
  });

  it('stays behind a map that something else reads, or whose maker does not take it', async () => {
    const initializers = { w: randomFloats([3, 3, 1, 1], 1) };
    const shared = [
      node('Conv', 'x w', 'a'),
      node('Concat', 'a a', 'b', { axis: 1 }),
      node('Relu', 'b', 'c'),
      pool('c', 'd'),
    ];
    const nodes = [...shared, pool('b', 'e'), node('Add', 'd e', 'f'), pool('f', 'y')];
    expect(kinds(await sameAsRuntime({ nodes, initializers }))).toContain('affine');
    const pooled = [pool('x', 'a'), node('Concat', 'a a', 'b', { axis: 1 }), node('Relu', 'b', 'c'), pool('c', 'y')];
    expect(kinds(await sameAsRuntime({ nodes: pooled }))).toContain('affine');
  });

  it('changes no value of random graphs', () => {
    let moved = 0;
    for (let seed = 0; seed < 200; seed++) {
      const graph = randomGraph(seed, 'all');
      const once = affineBeforeArrange(withAffine(graph));
      checkGraph(once, 'affine-before-arrange');
      moved += once.nodes.at(-1)?.kind === 'arrange' ? 1 : 0;
      const size = graph.inputs[0]!.shape.reduce((a, b) => a * b, 1);
      const values = Array.from({ length: size }, (_, i) => Math.sin(i));
      const expected = evaluateGraph(withAffine(graph), values).get('last')!;
      const found = evaluateGraph(once, values).get('last')!;
      expect(Math.max(...expected.map((value, i) => Math.abs(value - found[i]!))), `seed ${seed}`).toBeLessThan(1e-6);
    }
    expect(moved).toBeGreaterThanOrEqual(2);
  });
});

/** An affine node of its own constants behind the graph. */
function withAffine(graph: Graph): Graph {
  const [output] = graph.outputs;
  const count = output!.shape[1]!;
  const constants = (from: number) => Float32Array.from({ length: count }, (_, c) => from + c / 8);
  const node: AffineNode = {
    ...{ kind: 'affine', name: 'last', sources: ['last'], input: output!.name, output: 'last' },
    ...{ scale: constants(0.5), shift: constants(-0.25), clamp: { min: -0.5, max: 0.5 } },
  };
  const last = { name: 'last', shape: output!.shape };
  return {
    ...graph,
    nodes: [...graph.nodes, node],
    outputs: [last],
    modelOutputs: [{ ...last, value: 'last', type: 'float32' }],
    tensors: new Map([...graph.tensors, ['last', last]]),
  };
}
