import { describe, expect, it } from 'vitest';
import type { PointwiseNode } from '../../../src/frontend/graph.js';
import { codeAndPlace } from '../../support/import-refusals.js';
import { type BuiltNode, float, floats, type ModelRecipe, node, randomFloats } from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

const conv = (from: string, to: string): BuiltNode => node('Conv', `${from} w`, to);
const w = randomFloats([3, 3, 1, 1], 1);

/** Between two convolutions. */
const between = (
  nodes: readonly BuiltNode[],
  initializers: ModelRecipe['initializers'] = {},
  opset = 22,
): ModelRecipe => ({
  shape: [1, 3, 4, 5],
  opset,
  domains: { 'com.microsoft': 1 },
  nodes: [conv('x', 'a'), ...nodes, conv('b', 'y')],
  initializers: { w, ...initializers },
});

const RANGE = { low: -6, high: 6 };
const pointwiseOf = async (recipe: ModelRecipe): Promise<PointwiseNode> =>
  (await sameAsRuntime(recipe, RANGE)).nodes.find((n) => n.kind === 'pointwise') as PointwiseNode;

describe('pointwise operators', () => {
  it.each([
    ['LeakyRelu', { alpha: float(0.3) }],
    ['LeakyRelu', {}],
    ['Elu', { alpha: float(1.5) }],
    ['Selu', {}],
    ['Celu', { alpha: float(0.5) }],
    ['HardSigmoid', {}],
    ['HardSigmoid', { alpha: float(0.3), beta: float(0.4) }],
    ['HardSwish', {}],
    ['Mish', {}],
    ['Softplus', {}],
    ['Softsign', {}],
    ['Sign', {}],
    ['Abs', {}],
    ['Gelu', {}],
    ['Gelu', { approximate: 'tanh' }],
  ] as const)('%s %o in the middle is one node', async (operator, attributes) => {
    const made = await pointwiseOf(between([node(operator, 'a', 'b', attributes, { name: 'f' })]));
    expect([made.name, made.sources]).toEqual(['f', ['f']]);
  });

  it('are read in the forms of older operator sets', async () => {
    for (const opset of [7, 13, 15]) {
      for (const operator of ['LeakyRelu', 'Elu', 'Selu', 'HardSigmoid', 'Softplus', 'Softsign', 'Abs']) {
        await sameAsRuntime(between([node(operator, 'a', 'b')], {}, opset), RANGE);
      }
    }
  });

  it('of ONNX Runtime are read too', async () => {
    const own = { domain: 'com.microsoft' };
    for (const operator of ['Gelu', 'FastGelu', 'QuickGelu']) {
      await sameAsRuntime(between([node(operator, 'a', 'b', {}, own)]), RANGE);
    }
  });

  it('PRelu has a slope for each channel, or one for all, in every shape that is broadcast so', async () => {
    for (const shape of [[1], [1, 1, 1], [3, 1, 1], [1, 3, 1, 1]]) {
      const slope = floats(shape, [0.25, -0.5, 2].slice(0, shape.includes(3) ? 3 : 1));
      const made = await pointwiseOf(between([node('PRelu', 'a s', 'b')], { s: slope }));
      expect(made.fn).toBe(shape.includes(3) ? 'prelu' : 'leakyrelu');
    }
    const whole = floats(
      [3, 4, 5],
      new Float32Array(60).map((_, i) => 1 / (1 + Math.floor(i / 20))),
    );
    const made = await pointwiseOf(between([node('PRelu', 'a s', 'b')], { s: whole }));
    expect([...made.slopes!]).toEqual([1, 0.5, Math.fround(1 / 3)]);
  });

  it('PRelu with slopes that differ from pixel to pixel is refused by name', () => {
    const recipe = between([node('PRelu', 'a s', 'b', {}, { name: 'p' })], { s: randomFloats([1, 4, 5], 3) });
    expect(codeAndPlace(recipe)).toEqual(['operator-limit', 'node p (PRelu)']);
  });

  it('behind the last layer are the host’s where it knows them', async () => {
    for (const operator of ['Tanh', 'HardSigmoid', 'Abs']) {
      const recipe = { ...between([]), nodes: [conv('x', 'a'), node(operator, 'a', 'y')] };
      const { nodes, host } = await sameAsRuntime(recipe, RANGE);
      expect([nodes.length, host.length > 0]).toEqual([1, true]);
    }
  });

  it('of constants are folded', async () => {
    const recipe = between([node('Elu', 'c', 'e'), node('Mul', 'a e', 'b')], { c: floats([3, 1, 1], [-1, 0, 2]) });
    expect((await sameAsRuntime(recipe)).nodes.map((n) => n.kind)).toEqual(['conv', 'conv']);
  });
});
