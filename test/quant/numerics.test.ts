import { describe, expect, it } from 'vitest';
import { roundHalfEven } from '../../src/quant/host/elementwise.js';
import { argmax } from '../../src/quant/host/lines.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import { inputCodes, modelOutput } from '../../src/quant/numerics.js';
import { type ChainOp, hostChain, argmax as largest, reshape, softmax, transpose } from '../support/host-chain.js';
import { NetworkBuilder } from '../support/network-builder.js';

/** One convolution on a map of 1x2 pixels and 2 channels. */
function network(changes: { scale?: number; zero?: number; bits?: number } = {}): IntegerNetwork {
  const built = new NetworkBuilder({ height: 1, width: 2, channels: 2 }).conv({ kernel: [1, 1], channels: 2 }).build();
  return { ...built, tensors: { ...built.tensors, input: { ...built.tensors.input!, ...changes } } };
}

describe('inputCodes', () => {
  it('turns channels first into channels last', () => {
    expect(Array.from(inputCodes(network(), Float32Array.of(1, 2, 3, 4)))).toEqual([1, 3, 2, 4]);
  });

  it('divides by the scale, rounds halves to even, adds zero and clamps', () => {
    // -0.75/0.5 = -1.5 -> -2; 0.25/0.5 = 0.5 -> 0; 9/0.5 = 18; -9/0.5 = -18
    const codes = inputCodes(network({ scale: 0.5, zero: 8, bits: 4 }), Float32Array.of(-0.75, 0.25, 9, -9));
    expect(Array.from(codes)).toEqual([6, 15, 8, 0]);
  });

  it('clamps infinities', () => {
    const codes = inputCodes(network(), Float32Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0));
    expect(Array.from(codes)).toEqual([255, 0, 0, 0]);
  });

  it('reads models with channels last', () => {
    const base = network();
    const layout = { modelShape: [1, 1, 2, 2], split: [2, 2], permutation: [1, 0] };
    const turned = { ...base, inputs: [{ ...base.inputs[0]!, layout }] };
    expect(Array.from(inputCodes(turned, Float32Array.of(1, 2, 3, 4)))).toEqual([1, 2, 3, 4]);
  });

  it('refuses another size and NaN', () => {
    expect(() => inputCodes(network(), new Float32Array(3))).toThrow(expect.objectContaining({ code: 'data-shape' }));
    expect(() => inputCodes(network(), Float32Array.of(1, 2, Number.NaN, 4))).toThrow(
      expect.objectContaining({ code: 'data-type' }),
    );
  });
});

describe('modelOutput', () => {
  function withSteps(steps: readonly ChainOp[], form: 'codes' | 'accumulators' = 'codes'): IntegerNetwork {
    const base = network();
    const name = base.outputs[0]!.tensor;
    const output = { ...base.outputs[0]!, form, scale: [0.5, 2], bias: [1, 10] };
    const { host, value, shape } = hostChain(output, steps);
    const modelOutputs = [{ name: 'output', value, shape, type: 'float32' }];
    return {
      ...base,
      outputs: [output],
      host,
      modelOutputs,
      tensors: { ...base.tensors, [name]: { ...base.tensors[name]!, zero: 3 } },
    };
  }

  it('scales codes and turns channels last into channels first', () => {
    // (code - 3) * 0.5
    expect(Array.from(modelOutput(withSteps([]), [3, 5, 7, 1]))).toEqual([0, 2, 1, -1]);
  });

  it('scales accumulators channel by channel and adds the biases', () => {
    expect(Array.from(modelOutput(withSteps([], 'accumulators'), [4, -4, 6, 1]))).toEqual([3, 4, 2, 12]);
  });

  it('finds the largest along an axis, the first of equals', () => {
    const steps = [largest(1, false)];
    // Channel 0 of both pixels: 0 2; channel 1: 0 9
    expect(Array.from(modelOutput(withSteps(steps), [3, 3, 5, 9]))).toEqual([0, 1]);
  });

  it('makes a softmax along an axis that adds up to one', () => {
    const steps = [softmax(3)];
    // Channel 0: 0 and 0; channel 1: 0 and ln(3) by a code between: exp(0.5 * 2) = e
    const [a, b, c, d] = modelOutput(withSteps(steps), [3, 3, 3, 5]);
    expect([a, b]).toEqual([0.5, 0.5]);
    expect(c).toBeCloseTo(1 / (1 + Math.E), 6);
    expect(d).toBeCloseTo(Math.E / (1 + Math.E), 6);
  });

  it('reads on in another shape or order', () => {
    const steps = [transpose([0, 1, 3, 2]), reshape([4]), largest(0, true)];
    expect(Array.from(modelOutput(withSteps(steps), [3, 4, 9, 5]))).toEqual([1]);
  });
});

describe('roundHalfEven', () => {
  it('rounds halves to even and everything else to the nearest', () => {
    expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, 2.5001, -7].map((x) => roundHalfEven(x) + 0)).toEqual([
      -2, -2, 0, 0, 2, 2, 2, 3, -7,
    ]);
  });
});

describe('argmax', () => {
  it('is the first index of the largest value', () => {
    expect(argmax([1, 3, 2, 3])).toBe(1);
  });
});
