import { describe, expect, it } from 'vitest';
import type { AffineNode, GraphNode } from '../../../src/frontend/graph.js';
import { codeAndPlace } from '../../support/import-refusals.js';
import { type BuiltNode, float, floats, type ModelRecipe, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const kinds = (nodes: readonly GraphNode[]): string[] => nodes.map((n) => n.kind);
/** Two convolutions of the input, `a` and `b`; the first nodes of what follows read them. */
const branches = (
  nodes: readonly BuiltNode[],
  initializers: ModelRecipe['initializers'] = {},
  opset = 13,
): ModelRecipe => ({
  shape: [1, 3, 4, 5],
  opset,
  nodes: [node('Conv', 'x v', 'a'), node('Conv', 'x w', 'b'), ...nodes],
  initializers: { v: randomFloats([3, 3, 1, 1], 1), w: randomFloats([3, 3, 1, 1], 2), ...initializers },
});
/** `a`, and `g`: one value for each of its channels. */
const gated = (...nodes: readonly BuiltNode[]): ModelRecipe =>
  branches([node('GlobalAveragePool', 'b', 'g'), ...nodes]);

describe('Add, Sub and Mul of two tensors', () => {
  it.each([
    ['Add', 'add'],
    ['Sub', 'add'],
    ['Mul', 'mul'],
  ])('%s joins two branches', async (operator, kind) => {
    const { nodes } = await sameAsRuntime(branches([node(operator, 'a b', 'y')]));
    expect(kinds(nodes)).toEqual(['conv', 'conv', kind]);
    await sameAsRuntime(branches([node(operator, 'b a', 'y')]));
  });

  it.each(['Add', 'Sub', 'Mul'])(
    '%s takes one value for each channel of the other, on either side',
    async (operator) => {
      const { nodes } = await sameAsRuntime(gated(node(operator, 'a g', 'y')));
      expect(nodes.at(-1)).toMatchObject({ inputs: ['a', 'g'] });
      await sameAsRuntime(gated(node(operator, 'g a', 'y')));
    },
  );

  it('a squeeze-and-excitation block is a product with the vector that a dense layer makes', async () => {
    const recipe = branches(
      [
        node('GlobalAveragePool', 'a', 'g'),
        node('Flatten', 'g', 'f'),
        node('Gemm', 'f m', 'd'),
        node('HardSigmoid', 'd', 's'),
        node('Unsqueeze', 's', 'u', { axes: [2, 3] }),
        node('Mul', 'u b', 'p'),
        node('Conv', 'p w', 'y'),
      ],
      { m: randomFloats([3, 3], 4) },
      11,
    );
    expect(kinds((await sameAsRuntime(recipe)).nodes)).toEqual([
      'conv',
      'conv',
      'averagepool',
      'dense',
      'pointwise',
      'mul',
      'conv',
    ]);
  });

  it('know the channels of a tensor in any order', async () => {
    const last = (from: string, to: string): BuiltNode => node('Transpose', from, to, { perm: [0, 2, 3, 1] });
    await sameAsRuntime(gated(last('a', 'al'), last('g', 'gl'), node('Mul', 'gl al', 'y')));
    expect(codeAndPlace(gated(last('a', 'al'), node('Mul', 'al b', 'y', {}, { name: 'p' })))).toEqual([
      'shape-mismatch',
      'node p (Mul)',
    ]);
  });

  it('a square is a product of a tensor with itself', async () => {
    for (const square of [node('Mul', 'a a', 'y'), node('Pow', 'a two', 'y')]) {
      const { nodes } = await sameAsRuntime(branches([square], { two: floats([], [2]) }));
      expect(nodes.at(-1)).toMatchObject({ kind: 'mul', inputs: ['a', 'a'] });
    }
    const cube = branches([node('Pow', 'a three', 'p'), node('Conv', 'p w', 'y')], { three: floats([], [3]) });
    expect(codeAndPlace(cube)).toEqual(['operator-limit', 'node p (Pow)']);
  });

  it.each(['Add', 'Sub', 'Mul'])(
    '%s repeats a map of one channel over many, and a row over a column',
    async (operator) => {
      const w1 = randomFloats([1, 3, 1, 1], 5);
      const spatial = (inputs: string): ModelRecipe =>
        branches([node('Conv', 'b o', 's'), node(operator, inputs, 'p'), node('Conv', 'p w', 'y')], { o: w1 });
      for (const inputs of ['a s', 's a']) {
        const { nodes } = await sameAsRuntime(spatial(inputs));
        expect(kinds(nodes)).toContain('arrange');
      }
      const pools = [
        node('MaxPool', 'a', 'row', { kernel_shape: [4, 1] }),
        node('MaxPool', 'b', 'column', { kernel_shape: [1, 5] }),
      ];
      await sameAsRuntime(branches([...pools, node(operator, 'row column', 'p'), node('Conv', 'p w', 'y')]));
    },
  );

  it('before a layer refuse a division by a tensor', () => {
    const divided = branches([node('Div', 'a b', 'd'), node('Conv', 'd w', 'y')]);
    expect(codeAndPlace(divided)).toEqual(['operator-limit', 'node d (Div)']);
  });
});

describe('Div by a constant', () => {
  it('remembers what it divides by, unless that is a power of two', async () => {
    const divided = async (by: readonly number[]): Promise<AffineNode> => {
      const nodes = [node('MaxPool', 'x', 'm', { kernel_shape: [1, 1] }), node('Div', 'm c', 'y')];
      const c = floats([3, 1, 1], by);
      const graph = await sameAsRuntime({ shape: [1, 3, 4, 5], nodes, initializers: { c } });
      return graph.nodes[1] as AffineNode;
    };
    expect((await divided([3, -5, 2])).divisor).toEqual(Float32Array.of(3, -5, 2));
    expect((await divided([3, -5, 2])).scale).toEqual(Float32Array.of(1 / 3, -1 / 5, 0.5));
    expect(await divided([4, -0.5, 2])).not.toHaveProperty('divisor');
  });
});

describe('Sum, Mean, Min and Max', () => {
  it('Sum and Mean take any number of tensors, and constants', async () => {
    const c = randomFloats([3, 1, 1], 6);
    for (const operator of ['Sum', 'Mean']) {
      for (const inputs of ['a', 'a b', 'b c', 'a b x', 'c a b c x']) {
        await sameAsRuntime(branches([node(operator, inputs, 'y')], { c }));
      }
      const { nodes } = await sameAsRuntime(
        branches([node(operator, 'c d', 's'), node('Mul', 'a s', 'y')], { c, d: c }),
      );
      expect(kinds(nodes)).toEqual(['conv']);
    }
  });

  it('Min and Max with constants are clamps, of which the tightest counts', async () => {
    const initializers = { c: floats([1], [0.25]), d: floats([3, 1, 1], [0.5, 0.5, 0.5]) };
    for (const [operator, clamp] of [
      ['Min', { min: null, max: 0.25 }],
      ['Max', { min: 0.5, max: null }],
    ] as const) {
      const { nodes } = await sameAsRuntime(branches([node(operator, 'd a c', 'y')], initializers));
      expect(nodes).toMatchObject([{ kind: 'conv', clamp }]);
      expect(codeAndPlace(branches([node(operator, 'a b', 'm'), node('Conv', 'm w', 'y')]))).toEqual([
        'operator-limit',
        `node m (${operator})`,
      ]);
    }
  });
});

it('Min and Max with a constant that is larger than the tensor are the host’s', async () => {
  const wide = { wide: floats([3, 4, 1], new Float32Array(12)) };
  for (const operator of ['Min', 'Max']) {
    const { nodes } = gated(node(operator, 'g wide', 'y'));
    const graph = await sameAsRuntime({ ...branches([], wide), nodes });
    expect(graph.host).toMatchObject([{ op: { kind: 'binary' } }]);
  }
});

describe('Floor, Ceil and Round', () => {
  it("before another layer are quantizers of step 1, behind the last one they are the host's", async () => {
    for (const [operator, round] of [
      ['Floor', 'floor'],
      ['Ceil', 'ceil'],
      ['Round', 'half-even'],
    ] as const) {
      const layer = [node(operator, 'a', 'q'), node('MaxPool', 'q', 'y', { kernel_shape: [2, 2] })];
      const { nodes } = await sameAsRuntime(branches(layer), { low: -9, high: 9 });
      expect(nodes[1]).toMatchObject({ kind: 'quant', quantizer: { kind: 'uniform', round } });
      const last = await sameAsRuntime(branches([node(operator, 'a', 'y')]), { low: -9, high: 9 });
      expect(last.nodes.map(({ kind }) => kind)).toEqual(['conv']);
      expect(last.host).toMatchObject([{ op: { kind: 'unary', fn: operator.toLowerCase() } }]);
    }
  });

  it('with a Clip on either side have its range', async () => {
    const ends = { lo: floats([], [0]), hi: floats([], [15]) };
    const clip = (from: string, to: string): BuiltNode => node('Clip', `${from} lo hi`, to);
    for (const nodes of [
      [node('Floor', 'a', 'f'), clip('f', 'y')],
      [clip('a', 'f'), node('Floor', 'f', 'y')],
    ]) {
      const graph = await sameAsRuntime(branches(nodes, ends), { low: -9, high: 9 });
      expect(graph.nodes.at(-1)).toMatchObject({ kind: 'quant', quantizer: { lo: 0, hi: 15 } });
    }
  });

  it('old forms of Clip have their bounds as attributes', async () => {
    const clip = node('Clip', 'a', 'y', { min: float(-0.5), max: float(0.25) });
    const { nodes } = await sameAsRuntime(branches([clip], {}, 7));
    expect(nodes).toMatchObject([{ clamp: { min: -0.5, max: 0.25 } }]);
  });
});
