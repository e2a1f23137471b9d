import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { codeAndPlace } from '../../support/import-refusals.js';
import {
  type BuiltAttribute,
  buildOnnx,
  float,
  ints,
  type ModelRecipe,
  node,
  randomFloats,
} from '../../support/onnx-builder.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

type Attributes = Readonly<Record<string, BuiltAttribute>>;
const own = { domain: 'com.microsoft', name: 'f' };
const initializers = {
  w: randomFloats([4, 3, 3, 3], 1),
  b: randomFloats([4], 2),
  v: randomFloats([4, 3, 1, 1], 3),
  m: randomFloats([6, 5], 4),
  n: randomFloats([5, 6], 5),
  c: randomFloats([5], 6),
  s: ints([2], [6, 1]),
};
const model = (shape: readonly number[], ...nodes: ModelRecipe['nodes']): ModelRecipe => ({
  shape,
  nodes,
  initializers,
  domains: { 'com.microsoft': 1 },
});
const conv = (inputs: string, attributes: Attributes) =>
  node('FusedConv', inputs, 'y', { pads: [1, 1, 1, 1], ...attributes }, own);
const kindsOf = async (recipe: ModelRecipe) =>
  (await sameAsRuntime(recipe, { low: -3, high: 3 })).nodes.map((n) => n.kind);

it('FusedGemm has its own place for each parameter of the activation', () => {
  const gemm = node(
    'FusedGemm',
    'x w',
    'y',
    { activation: 'HardSigmoid', activation_beta: float(0.25) },
    { domain: 'com.microsoft' },
  );
  const recipe = { shape: [1, 4], nodes: [gemm], initializers: { w: randomFloats([4, 3], 1) } };
  const graph = importOnnx(buildOnnx({ ...recipe, domains: { 'com.microsoft': 1 } }));
  expect(graph.nodes[1]).toMatchObject({ fn: 'hardsigmoid', alpha: 0.2, beta: 0.25 });
});

describe('operators that ONNX Runtime has fused', () => {
  it.each<[string, Attributes, readonly string[]]>([
    ['Relu', {}, ['conv']],
    ['Clip', { activation_params: [-0.5, 1.5] }, ['conv']],
    ['LeakyRelu', { activation_params: [0.3, 0.5].slice(0, 1) }, ['conv', 'pointwise']],
    ['HardSigmoid', { activation_params: [0.3, 0.4] }, ['conv', 'pointwise']],
    ['Sigmoid', {}, ['conv', 'pointwise']],
    ['Tanh', {}, ['conv', 'pointwise']],
  ])('FusedConv with %s is a convolution and that', async (activation, attributes, kinds) => {
    expect(await kindsOf(model([1, 3, 5, 5], conv('x w b', { activation, ...attributes })))).toEqual(kinds);
  });

  it('FusedConv adds a tensor before the activation', async () => {
    const other = node('Conv', 'x v', 'z');
    const fused = conv('x w b z', { activation: 'Relu' });
    const graph = await sameAsRuntime(model([1, 3, 5, 5], other, fused));
    expect(graph.nodes).toMatchObject([
      { kind: 'conv' },
      { kind: 'conv' },
      { kind: 'add', clamp: { min: 0, max: null }, sources: ['f', 'f'] },
    ]);
  });

  it('FusedGemm and FusedMatMul are dense layers', async () => {
    const gemm = node('FusedGemm', 'x m c', 'y', { activation: 'LeakyRelu', activation_alpha: float(0.25) }, own);
    expect(await kindsOf(model([1, 6], gemm))).toEqual(['dense', 'pointwise']);
    for (const attributes of [{}, { alpha: float(0.5) }]) {
      expect(await kindsOf(model([1, 6], node('FusedMatMul', 'x m', 'y', attributes, own)))).toEqual(['dense']);
      const turned = node('FusedMatMul', 'x n', 'y', { transB: 1, ...attributes }, own);
      expect(await kindsOf(model([1, 6], turned))).toEqual(['dense']);
    }
    const column = node('Reshape', 'x s', 'r');
    const upright = node('FusedMatMul', 'r m', 'y', { transA: 1 }, own);
    expect(await kindsOf(model([1, 6], column, upright))).toEqual(['dense']);
  });

  it('are refused by name with an activation that is not known', () => {
    const recipe = model([1, 3, 5, 5], conv('x w b', { activation: 'Sin' }));
    expect(codeAndPlace(recipe)).toEqual(['operator-limit', 'node f (com.microsoft.FusedConv)']);
  });
});
