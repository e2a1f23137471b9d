import { describe, expect, it } from 'vitest';
import { openFloatModel } from '../../src/frontend/float-model.js';
import type { PointwiseFunction } from '../../src/frontend/graph.js';
import { evaluatePointwise } from '../../src/frontend/pointwise.js';
import { type BuiltNode, buildOnnx, float, floats, node } from '../support/onnx-builder.js';

type Attributes = Parameters<typeof node>[3];

const VALUES = Float32Array.from([
  ...Array.from({ length: 801 }, (_, i) => (i - 400) / 40),
  ...[-100, -88.5, -30, -1e-8, 1e-8, 30, 88.5, 100, 0.5, -0.5],
]);

async function runtime(nodes: readonly BuiltNode[], opset: number): Promise<Float32Array> {
  const slopes = floats([2, 1], [0.25, -0.5]);
  const shape = [1, 2, VALUES.length];
  const model = await openFloatModel(
    buildOnnx({ shape, opset, nodes, outputs: ['y'], domains: { 'com.microsoft': 1 }, initializers: { slopes } }),
  );
  const made = (await model.run(Float32Array.from([...VALUES, ...VALUES]))).get('y')!;
  await model.close();
  return made;
}

interface Case {
  readonly fn: PointwiseFunction;
  readonly nodes: readonly BuiltNode[];
  readonly alpha?: number;
  readonly beta?: number;
}

const one = (operator: string, fn: PointwiseFunction, attributes: Attributes = {}, alpha = 0, beta = 0): Case => ({
  fn,
  nodes: [node(operator, 'x', 'y', attributes)],
  alpha,
  beta,
});

const CASES: readonly Case[] = [
  one('LeakyRelu', 'leakyrelu', { alpha: float(0.1) }, 0.1),
  { fn: 'prelu', nodes: [node('PRelu', 'x slopes', 'y')] },
  one('Sigmoid', 'sigmoid'),
  one('HardSigmoid', 'hardsigmoid', { alpha: float(0.3), beta: float(0.4) }, 0.3, 0.4),
  one('HardSwish', 'hardswish'),
  one('Tanh', 'tanh'),
  one('Elu', 'elu', { alpha: float(1.5) }, 1.5),
  one('Selu', 'selu', {}, 1.6732631921768188, 1.0507010221481323),
  one('Celu', 'celu', { alpha: float(2) }, 2),
  one('Softplus', 'softplus'),
  one('Softsign', 'softsign'),
  {
    fn: 'silu',
    nodes: [node('QuickGelu', 'x', 'y', { alpha: float(1.702) }, { domain: 'com.microsoft' })],
    alpha: 1.702,
  },
  one('Gelu', 'gelu', { approximate: 'none' }),
  one('Gelu', 'gelu', { approximate: 'tanh' }, 1),
  one('Mish', 'mish'),
  one('Sign', 'sign'),
  one('Abs', 'abs'),
];

describe('pointwise functions', () => {
  it.each(CASES.map((c) => [`${c.fn} ${c.alpha ?? ''}`.trim(), c] as const))(
    '%s is that of ONNX Runtime within float32 rounding',
    async (_, { fn, nodes, alpha = 0, beta = 0 }) => {
      const found = await runtime(nodes, 20);
      const slopes = Float32Array.of(0.25, -0.5);
      const differences = [0, 1].flatMap((channel) =>
        [...VALUES].map((x, i) => {
          const own = evaluatePointwise({ fn, alpha, beta, slopes }, channel, x);
          expect(Math.fround(own)).toBe(own);
          return Math.abs(own - found[channel * VALUES.length + i]!) / Math.max(1, Math.abs(x));
        }),
      );
      expect(Math.max(...differences)).toBeLessThan(4e-7);
    },
  );

  it('are exact where nothing beyond + and * is in them', async () => {
    for (const { fn, nodes, alpha = 0, beta = 0 } of CASES) {
      if (!['leakyrelu', 'prelu', 'hardsigmoid', 'sign', 'abs'].includes(fn)) continue;
      const found = (await runtime(nodes, 20)).subarray(0, VALUES.length);
      const slopes = Float32Array.of(0.25, -0.5);
      const own = VALUES.map((x) => evaluatePointwise({ fn, alpha, beta, slopes }, 0, x));
      expect(own.map((y) => y || 0)).toEqual(found.map((y) => y || 0));
    }
  });

  it('take the ends of float32 without NaN', () => {
    const far = (fn: PointwiseFunction, x: number) => evaluatePointwise({ fn, alpha: 1, beta: 1 }, 0, x);
    expect(far('sigmoid', -200)).toBe(0);
    expect(far('softplus', 3e38)).toBe(Math.fround(3e38));
    expect(far('mish', -1e30)).toBe(-0);
    expect(far('silu', -1e30)).toBe(-0);
    // 0.5 * 2 * (1 + erf(sqrt 2)) with erf(sqrt 2) = 0.9544997
    expect(far('gelu', 2) - 1.9545977).toBeLessThan(1e-6);
    expect(evaluatePointwise({ fn: 'gelu', alpha: 0, beta: 0 }, 0, 2)).toBeCloseTo(1.9544997, 6);
  });
});
