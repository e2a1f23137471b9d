import { describe, expect, it } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace } from '../../support/import-refusals.js';
import { type BuiltNode, buildOnnx, ints, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const relu = node('Relu', 'x', 'r');
const pool = (from: string, to = 'y') => node('MaxPool', from, to, { kernel_shape: [1, 1] });
const vector = (values: readonly number[]) => ints([values.length], values);
const kinds = (nodes: readonly { readonly kind: string }[]) => nodes.map(({ kind }) => kind);

describe('Slice', () => {
  it('of any start, end and step computes what ONNX Runtime computes', async () => {
    const random = randomSource(2);
    for (let i = 0; i < 25; i++) {
      const axes = [1, 2, -1].slice(random.integer(0, 2));
      const step = axes.map(() => [1, 1, 2, 3, -1, -2][random.integer(0, 5)]!);
      const start = step.map((s) => (s > 0 ? [0, 1, -9] : [3, -1, -2])[random.integer(0, 2)]!);
      const end = step.map((s) => (s > 0 ? random.integer(3, 9) : -9));
      const constants = { s: vector(start), e: vector(end), a: vector(axes), t: vector(step) };
      const nodes = [relu, node('Slice', 'r s e a t', 'a1'), pool('a1')];
      await sameAsRuntime({ shape: [1, 4, 5, 6], nodes, initializers: constants });
    }
  });

  it('of the first operator sets has attributes', async () => {
    const old = node('Slice', 'r', 'a', { starts: [1, 2], ends: [3, -1], axes: [1, 2] });
    const graph = await sameAsRuntime({ opset: 9, nodes: [relu, old, pool('a')] });
    expect(graph.nodes[1]).toMatchObject({ parts: [{ from: { c: 1, y: 2 }, size: [5, 8, 2] }] });
  });

  it('of every other pixel, joined again, is space to depth', async () => {
    const cut = (i: number) => node('Slice', `x s${i} e a t`, `p${i}`);
    const nodes = [
      cut(0),
      cut(1),
      cut(2),
      cut(3),
      node('Concat', 'p0 p1 p2 p3', 'c', { axis: 1 }),
      node('Conv', 'c w', 'y'),
    ];
    const corner = (y: number, x: number) => vector([y, x]);
    const starts = { s0: corner(0, 0), s1: corner(1, 0), s2: corner(0, 1), s3: corner(1, 1) };
    const rest = { e: vector([99, 99]), a: vector([2, 3]), t: vector([2, 2]), w: randomFloats([2, 12, 3, 3], 1) };
    const graph = await sameAsRuntime({ nodes, initializers: { ...starts, ...rest } });
    expect(kinds(graph.nodes)).toEqual(['arrange', 'conv']);
  });

  it('of everything is nothing', async () => {
    const constants = { s: vector([0]), e: vector([9]) };
    const graph = await sameAsRuntime({
      nodes: [relu, node('Slice', 'r s e', 'a'), pool('a')],
      initializers: constants,
    });
    expect(kinds(graph.nodes)).toEqual(['affine', 'maxpool']);
  });

  it.each([
    ['that leaves nothing', { s: vector([3]), e: vector([2]), a: vector([2]) }, 'operator-limit'],
    ['of an axis that is not there', { s: vector([0]), e: vector([2]), a: vector([4]) }, 'graph-invalid'],
    ['of lists that do not match', { s: vector([0]), e: vector([2, 3]), a: vector([1]) }, 'shape-mismatch'],
  ])('is refused %s', (_, initializers, code) => {
    const nodes = [relu, node('Slice', 'r s e a', 'c'), pool('c')];
    expect(codeAndPlace({ nodes, initializers })).toEqual([code, 'node c (Slice)']);
  });
});

describe('a model that is fixed to a batch', () => {
  it.each([
    ['Slice', 'r zero one', {}],
    ['Gather', 'r zero', { axis: 0 }],
    ['Split', 'r one', { axis: 0 }],
  ])('is refused where %s takes its images apart', (operator, inputs, attributes) => {
    const initializers = { zero: vector([0]), one: vector([1]) };
    const nodes = [relu, node(operator, inputs, 'c', attributes), pool('c')];
    expect(codeAndPlace({ shape: [2, 3, 4, 4], nodes, initializers })).toEqual([
      'operator-limit',
      `node c (${operator})`,
    ]);
  });

  it('is one image where a Slice keeps them all', async () => {
    const nodes = [relu, node('Slice', 'r s e', 'c'), pool('c')];
    const initializers = { s: vector([0, 1]), e: vector([99, 3]) };
    const graph = importOnnx(buildOnnx({ shape: [2, 3, 4, 4], nodes, initializers }));
    expect(graph.outputs[0]!.shape).toEqual([1, 2, 4, 4]);
  });
});

describe('Split', () => {
  const joined = (split: BuiltNode) => [
    relu,
    split,
    pool('a', 'm'),
    node('Concat', 'b m', 'c', { axis: 1 }),
    pool('c'),
  ];

  it('of every form computes what ONNX Runtime computes', async () => {
    await sameAsRuntime({ shape: [1, 4, 5, 5], nodes: joined(node('Split', 'r', 'a b', { axis: 1 })) });
    const lengths = { s: vector([1, 2]) };
    await sameAsRuntime({ nodes: joined(node('Split', 'r s', 'a b', { axis: -3 })), initializers: lengths });
    const attribute = node('Split', 'r', 'a b', { axis: 1, split: [2, 1] });
    await sameAsRuntime({ opset: 11, nodes: joined(attribute) });
    const uneven = node('Split', 'r', 'a b', { axis: 1, num_outputs: 2 });
    const graph = await sameAsRuntime({ opset: 18, shape: [1, 5, 4, 4], nodes: joined(uneven) });
    expect(graph.nodes[1]).toMatchObject({ name: 'a', parts: [{ size: [4, 4, 3] }] });
  });

  it('may leave outputs unused', async () => {
    await sameAsRuntime({ shape: [1, 4, 5, 5], nodes: [relu, node('Split', 'r', 'a b', { axis: 1 }), pool('b')] });
  });

  it('at the end is the host’s where only the first part is one of channels', async () => {
    const nodes = [pool('x'), node('Flatten', 'y', 'f'), node('Split', 'f s', 'a b c', { axis: 1 })];
    const initializers = { s: vector([4, 6, 6]) };
    const graph = await sameAsRuntime({ shape: [1, 4, 2, 2], nodes, outputs: ['a', 'b', 'c'], initializers });
    expect(kinds(graph.nodes)).toEqual(['maxpool']);
  });

  it('of a constant is folded', async () => {
    const nodes = [node('Split', 'k', 'w v', { axis: 0 }), node('Conv', 'x w', 'a'), node('Conv', 'a v', 'y')];
    const graph = await sameAsRuntime({ nodes, initializers: { k: randomFloats([6, 3, 2, 2], 1) } });
    expect(kinds(graph.nodes)).toEqual(['conv', 'conv']);
  });

  it.each([
    ['into parts that do not add up', { s: vector([1, 1]) }, 'r s', 1, 'shape-mismatch'],
    ['of the batch', { s: vector([1]) }, 'r s', 0, 'shape-mismatch'],
  ])('is refused %s', (_, initializers, inputs, axis, code) => {
    const nodes = joined(node('Split', inputs, 'a b', { axis }));
    expect(codeAndPlace({ nodes, initializers })).toEqual([code, 'node a (Split)']);
  });
});

describe('Gather', () => {
  it('of channels or rows takes them in any order, as often as asked', async () => {
    for (const axis of [1, 2]) {
      const nodes = [relu, node('Gather', 'r i', 'a', { axis }), pool('a')];
      await sameAsRuntime({ nodes, initializers: { i: vector([2, 0, -2, 2]) } });
    }
  });

  it('of one index drops the axis', async () => {
    const nodes = [relu, node('Gather', 'r i', 'a', { axis: 1 }), node('Unsqueeze', 'a u', 'b'), pool('b')];
    await sameAsRuntime({ nodes, initializers: { i: ints([], [1]), u: vector([1]) } });
  });

  it('of the halves of a shuffle by Reshape is one of channels', async () => {
    const nodes = [
      relu,
      node('Reshape', 'r s', 'a'),
      node('Transpose', 'a', 'b', { perm: [1, 0, 2] }),
      node('Reshape', 'b q', 'c'),
      node('Gather', 'c i', 'd', { axis: 0 }),
      node('Gather', 'c j', 'e', { axis: 0 }),
      node('Conv', 'd w', 'f'),
      node('Concat', 'e f', 'g', { axis: 1 }),
      pool('g'),
    ];
    const initializers = {
      ...{ s: vector([4, 2, 16]), q: vector([2, -1, 4, 4, 4]), i: ints([], [0]), j: ints([], [1]) },
      w: randomFloats([4, 4, 1, 1], 1),
    };
    await sameAsRuntime({ shape: [1, 8, 4, 4], nodes: [pool('x', 'x0'), ...nodes.map(renamed)], initializers });
  });

  it.each([
    ['outside the axis', vector([3]), 'shape-mismatch'],
    ['that the network computes', null, 'operator-limit'],
  ])('is refused with an index %s', (_, i, code) => {
    const nodes = [relu, node('Gather', i === null ? 'r r' : 'r i', 'c', { axis: 1 }), pool('c')];
    expect(codeAndPlace({ nodes, initializers: i === null ? {} : { i } })).toEqual([code, 'node c (Gather)']);
  });
});

/** Reads x0 in place of x. */
function renamed(built: BuiltNode): BuiltNode {
  return { ...built, inputs: built.inputs.map((name) => (name === 'x' ? 'x0' : name)) };
}
