import { describe, expect, it } from 'vitest';
import { type BuiltNode, float, floats, type ModelRecipe, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const initializers = {
  w: randomFloats([3, 3, 1, 1], 1),
  three: floats([], [3]),
  six: floats([], [6]),
  zero: floats([], [0]),
  sixth: floats([], [1 / 6]),
  k: floats([], [1.702]),
};

/** `a` to `b`, between two convolutions. */
const between = (...nodes: readonly BuiltNode[]): ModelRecipe => ({
  shape: [1, 3, 4, 5],
  opset: 14,
  nodes: [node('Conv', 'x w', 'a'), ...nodes, node('Conv', 'b w', 'y')],
  initializers,
});
const kindsOf = async (...nodes: readonly BuiltNode[]): Promise<readonly string[]> => {
  const graph = await sameAsRuntime(between(...nodes), { low: -6, high: 6 });
  return graph.nodes.slice(1, -1).map((n) => (n.kind === 'pointwise' ? n.fn : n.kind));
};
const clip = [node('Add', 'a three', 'p'), node('Clip', 'p zero six', 'q')];

describe('merge-pointwise', () => {
  it.each([
    ['silu', 'x * sigmoid(x)', [node('Sigmoid', 'a', 's'), node('Mul', 'a s', 'b')]],
    ['silu', 'sigmoid(x) * x', [node('Sigmoid', 'a', 's'), node('Mul', 's a', 'b')]],
    ['silu', 'x * sigmoid(1.702 x)', [node('Mul', 'a k', 'm'), node('Sigmoid', 'm', 's'), node('Mul', 'a s', 'b')]],
    ['mish', 'x * tanh(softplus(x))', [node('Softplus', 'a', 'p'), node('Tanh', 'p', 't'), node('Mul', 't a', 'b')]],
    [
      'hardswish',
      'x * hardsigmoid(x)',
      [node('HardSigmoid', 'a', 's', { alpha: float(1 / 6), beta: float(0.5) }), node('Mul', 'a s', 'b')],
    ],
    ['hardswish', 'x * clip(x + 3, 0, 6) / 6', [...clip, node('Mul', 'a q', 'm'), node('Div', 'm six', 'b')]],
    ['hardswish', 'x * clip(x + 3, 0, 6) * 0.1667', [...clip, node('Mul', 'q a', 'm'), node('Mul', 'm sixth', 'b')]],
    ['hardswish', 'x * (clip(x + 3, 0, 6) / 6)', [...clip, node('Div', 'q six', 'd'), node('Mul', 'a d', 'b')]],
  ] as const)('makes %s of %s', async (fn, _, nodes) => {
    expect(await kindsOf(...nodes)).toEqual([fn]);
  });

  it('names all the nodes it came from', async () => {
    const recipe = between(node('Sigmoid', 'a', 's'), node('Mul', 'a s', 'b'));
    expect((await sameAsRuntime(recipe)).nodes[1]).toMatchObject({ name: 'b', sources: ['s', 'b'], input: 'a' });
  });

  it('leaves a product alone whose parts something else sees, or that is of another tensor', async () => {
    const seen = [node('Sigmoid', 'a', 's'), node('Mul', 'a s', 'm'), node('Add', 'm s', 'b')];
    expect(await kindsOf(...seen)).toEqual(['sigmoid', 'mul', 'add']);
    const other = [node('Conv', 'a w', 'o'), node('Sigmoid', 'o', 's'), node('Mul', 'a s', 'b')];
    expect(await kindsOf(...other)).toEqual(['conv', 'sigmoid', 'mul']);
    const slow = [node('HardSigmoid', 'a', 's'), node('Mul', 'a s', 'b')];
    expect(await kindsOf(...slow)).toEqual(['hardsigmoid', 'mul']);
  });
});

describe('a Sigmoid', () => {
  it('is the array’s before a layer, behind sums and products too, and the host’s at the end', async () => {
    const gate = [node('Sigmoid', 'a', 's'), node('Mul', 's x', 'b')];
    expect(await kindsOf(...gate)).toEqual(['sigmoid', 'mul']);
    const end = await sameAsRuntime({ ...between(), nodes: [node('Conv', 'x w', 'a'), node('Sigmoid', 'a', 'y')] });
    expect(end.nodes.map((n) => n.kind)).toEqual(['conv']);
  });
});
