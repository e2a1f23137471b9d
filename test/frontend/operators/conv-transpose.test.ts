import { describe, expect, it } from 'vitest';
import { type RandomSource, randomSource } from '../../../src/base/random.js';
import { codeAndPlace } from '../../support/import-refusals.js';
import { type BuiltAttribute, node, randomCodes, randomFloats } from '../../support/onnx-builder.js';
import { constant, quantized } from '../../support/qdq.js';
import { sameAsRuntime } from '../../support/same-as-runtime.js';

interface Drawn {
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly attributes: Record<string, BuiltAttribute>;
}

/** Strides, dilations and one way of saying the output's size, in one or two dimensions. */
function draw(random: RandomSource): Drawn {
  const axes = random.integer(1, 2);
  const each = (low: number, high: number, count = axes) =>
    Array.from({ length: count }, () => random.integer(low, high));
  const input = each(2, 4);
  const strides = each(1, 3);
  const dilations = each(1, 2);
  const kernel = strides.map((stride) => random.integer(1, 2) + stride - 1);
  const whole = input.map((n, i) => strides[i]! * (n - 1) + (kernel[i]! - 1) * dilations[i]! + 1);
  const attributes = { strides, dilations };
  switch (random.integer(0, 4)) {
    case 0:
      return { input, kernel, attributes: { ...attributes, pads: each(0, 1, 2 * axes) } };
    case 1: {
      const further = strides.map((stride) => random.integer(0, stride - 1));
      return { input, kernel, attributes: { ...attributes, output_padding: further } };
    }
    case 2:
      return {
        input,
        kernel,
        attributes: { ...attributes, auto_pad: ['SAME_UPPER', 'SAME_LOWER', 'VALID'][random.integer(0, 2)]! },
      };
    case 3:
      return {
        input,
        kernel,
        attributes: { ...attributes, output_shape: whole.map((n) => Math.max(2, n - random.integer(0, 2))) },
      };
    default:
      return { input, kernel, attributes };
  }
}

const strided = { strides: [2, 2] };
const kindsOf = (nodes: readonly { readonly kind: string }[]) => nodes.map(({ kind }) => kind);

describe('ConvTranspose', () => {
  it('of every form computes what ONNX Runtime computes', async () => {
    const random = randomSource(4);
    for (let i = 0; i < 40; i++) {
      const { input, kernel, attributes } = draw(random);
      const group = random.integer(1, 2);
      const inputs = group * random.integer(1, 2);
      const each = random.integer(1, 3);
      const bias = random.integer(0, 1) === 1;
      const transposed = node('ConvTranspose', bias ? 'x w b' : 'x w', 'y', { ...attributes, group });
      const initializers = { w: randomFloats([inputs, each, ...kernel], i), b: randomFloats([each * group], i + 1) };
      await sameAsRuntime({ shape: [1, inputs, ...input], nodes: [transposed], initializers }).catch((error: Error) => {
        throw new Error(`${JSON.stringify({ attributes, input, kernel, group })}: ${error.message}`);
      });
    }
  });

  it('by two is a convolution for each of four phases, woven into one map', async () => {
    const initializers = { w: randomFloats([3, 5, 4, 4], 1), b: randomFloats([5], 2) };
    const nodes = [node('ConvTranspose', 'x w b', 'y', { ...strided, pads: [1, 1, 1, 1] })];
    const graph = await sameAsRuntime({ nodes, initializers });
    expect(kindsOf(graph.nodes)).toEqual(['conv', 'conv', 'conv', 'conv', 'arrange']);
    expect(graph.nodes.slice(0, 4)).toMatchObject(new Array(4).fill({ kernel: [2, 2], sources: ['y'] }));
    expect(graph.nodes[4]).toMatchObject({ parts: new Array(4).fill({ to: { yStep: 2, xStep: 2 }, size: [8, 8, 5] }) });
  });

  it('without strides is one convolution, turned round', async () => {
    const nodes = [node('ConvTranspose', 'x w', 'y')];
    const graph = await sameAsRuntime({ nodes, initializers: { w: randomFloats([3, 2, 3, 3], 1) } });
    expect(graph.nodes).toMatchObject([{ kind: 'conv', pads: [2, 2, 2, 2] }]);
  });

  it('with gaps between its windows fills them with the biases', async () => {
    const initializers = { w: randomFloats([3, 2, 1, 1], 1), b: randomFloats([2], 2) };
    const graph = await sameAsRuntime({ nodes: [node('ConvTranspose', 'x w b', 'y', strided)], initializers });
    expect(kindsOf(graph.nodes)).toEqual(['conv', 'arrange', 'affine']);
  });

  it('keeps the codes of quantized weights, and the scale of each output channel, in every phase', async () => {
    const scale = [0.01, 0.02, 0.005, 0.03];
    const grid = { scale, axis: 1, type: 'int8' } as const;
    const weights = constant('w', randomCodes('int8', [3, 4, 3, 3], 1, [-128, 127]), grid);
    const input = quantized('x', 'q', { scale: 0.02 });
    const nodes = [...input.nodes, ...weights.nodes, node('ConvTranspose', 'q w', 'y', strided)];
    const graph = await sameAsRuntime({ nodes, initializers: { ...input.initializers, ...weights.initializers } });
    const phases = graph.nodes.filter((one) => one.kind === 'conv');
    expect(phases.map(({ kernel }) => kernel)).toEqual([
      [2, 2],
      [2, 1],
      [1, 2],
      [1, 1],
    ]);
    for (const { codes, weights: real } of phases) {
      expect([...codes!.scale]).toEqual(scale.map(Math.fround));
      const each = real.data.length / scale.length;
      expect(real.data).toEqual(
        Float32Array.from(codes!.values, (code, i) => code * Math.fround(scale[Math.floor(i / each)]!)),
      );
    }
  });

  it.each<[string, Record<string, BuiltAttribute>, readonly number[], string]>([
    ['weights of other channels', {}, [4, 2, 2, 2], 'shape-mismatch'],
    ['groups that do not divide', { group: 2 }, [3, 2, 2, 2], 'shape-mismatch'],
    ['another kernel', { kernel_shape: [3, 3] }, [3, 2, 2, 2], 'shape-mismatch'],
    ['pads that cut everything', { pads: [5, 5, 5, 5] }, [3, 2, 1, 1], 'operator-limit'],
    ['SAME pads and gaps', { ...strided, auto_pad: 'SAME_UPPER' }, [3, 2, 1, 1], 'operator-limit'],
    ['more output padding than strides', { ...strided, output_padding: [2, 2] }, [3, 2, 2, 2], 'operator-limit'],
    ['strides of more phases than parts', { strides: [12, 12] }, [3, 2, 12, 12], 'operator-limit'],
  ])('is refused with %s', (_, attributes, weights, code) => {
    const nodes = [node('ConvTranspose', 'x w', 'y', attributes)];
    const found = codeAndPlace({ nodes, initializers: { w: randomFloats(weights, 1) } });
    expect(found).toEqual([code, 'node y (ConvTranspose)']);
  });
});
