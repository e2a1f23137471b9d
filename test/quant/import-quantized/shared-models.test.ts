/** Models that arrive quantized, on real data, against an independent executor's classes and outputs (../shared/models). */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readNpz } from '../../../src/base/npz.js';
import { importOnnx } from '../../../src/frontend/import-onnx.js';
import { openFastModel } from '../../../src/quant/fast/open-fast-model.js';
import { runGolden } from '../../../src/quant/golden.js';
import { argmax } from '../../../src/quant/host/lines.js';
import type { IntegerNetwork } from '../../../src/quant/network.js';
import { inputCodes, modelOutput } from '../../../src/quant/numerics.js';
import { type InputCodes, toIntegerNetwork } from '../../../src/quant/to-integer-network.js';

const SHARED = new URL('../../../../shared/models/', import.meta.url);
const present = existsSync(SHARED);
const OPTIONS = { weights: 8, activations: 8, ends: 8, widths: { mBits: 34, bBits: 64, nBits: 6 } } as const;

const array = (file: string, key: string) => readNpz(readFileSync(new URL(file, SHARED)), key, file).data;
const numbers = (file: string, key: string) => Array.from(array(file, key), Number);

/** Samples of `size` values, value i of sample n made from the raw ones. */
function samples(file: string, key: string, size: number, value: (raw: (i: number) => number, i: number) => number) {
  const raw = array(file, key) as ArrayLike<number>;
  return (count: number): Float32Array[] =>
    Array.from({ length: count }, (_, n) =>
      Float32Array.from({ length: size }, (_, i) => value((j) => raw[n * size + j]!, i)),
    );
}

const mnist = samples('data/mnist-10k.npz', 'images', 784, (raw, i) => raw(i) / 255);
const kws = samples('data/kws-500.npz', 'features', 490, (raw, i) => (raw(i) * 42.8) / 127);
const kwsByTime = samples('data/kws-500.npz', 'features', 490, (raw, i) => {
  return (raw((i % 10) * 49 + Math.floor(i / 10)) * 42.8) / 127;
});
const cifar = samples('data/cifar10-100.npz', 'images', 3072, (raw, i) => raw(i));

function imported(name: string, input: InputCodes | null = null): IntegerNetwork {
  const graph = importOnnx(readFileSync(new URL(`${name}.onnx`, SHARED)));
  return toIntegerNetwork(graph, { calibration: null, input }, OPTIONS);
}

interface Outcome {
  readonly images: number;
  /** Classes that are the executor's. */
  readonly same: number;
  readonly correct: number;
  /** Of the 32 reference inputs, those whose outputs are the executor's within float32 rounding. */
  readonly outputs: number;
}

function run(name: string, network: IntegerNetwork, images: readonly Float32Array[], labelled: string): Outcome {
  const model = openFastModel(network);
  const output = (image: Float32Array): Float32Array =>
    modelOutput(network, model.run(inputCodes(network, image)).get(network.outputs[0]!.tensor)!);
  const golden = runGolden(network, inputCodes(network, images[0]!));
  const fast = model.run(inputCodes(network, images[0]!));
  for (const [tensor, values] of golden) expect([...fast.get(tensor)!], tensor).toEqual([...values]);
  for (const layer of network.layers) expect(layer.exactness, layer.name).toEqual({ kind: 'exact' });
  const classes = images.map((image) => argmax(output(image)));
  const equal = (expected: readonly number[]): number => classes.filter((c, i) => c === expected[i]).length;
  const reference = `reference/${name}.npz`;
  return {
    images: images.length,
    same: equal(numbers(reference, 'top1')),
    correct: equal(numbers(labelled, 'labels')),
    outputs: equalOutputs(
      array(reference, 'inputs') as Float32Array,
      array(reference, 'outputs') as Float32Array,
      output,
    ),
  };
}

function equalOutputs(inputs: Float32Array, outputs: Float32Array, f: (input: Float32Array) => Float32Array): number {
  const [inSize, outSize] = [inputs.length / 32, outputs.length / 32];
  return Array.from({ length: 32 }, (_, n) => {
    const expected = outputs.subarray(n * outSize, (n + 1) * outSize);
    return f(inputs.slice(n * inSize, (n + 1) * inSize)).every(
      (x, i) => Math.abs(x - expected[i]!) <= 1e-5 * Math.abs(expected[i]!) + 1e-12,
    );
  }).filter(Boolean).length;
}

describe.skipIf(!present)('models that arrive quantized (skipped where ../shared/models is absent)', () => {
  it('tfc-w1a1: bipolar weights and activations', () => {
    const outcome = run('tfc-w1a1-qonnx', imported('tfc-w1a1-qonnx'), mnist(1000), 'data/mnist-10k.npz');
    expect(outcome).toEqual({ images: 1000, same: 1000, correct: 913, outputs: 32 });
  });

  it('tfc-w1a2: equal sums stay equal on the host, so that the lowest index wins', () => {
    const outcome = run('tfc-w1a2-qonnx', imported('tfc-w1a2-qonnx'), mnist(1000), 'data/mnist-10k.npz');
    expect(outcome).toEqual({ images: 1000, same: 1000, correct: 938, outputs: 32 });
  });

  it('tfc-w2a2: two bits', () => {
    const outcome = run('tfc-w2a2-qonnx', imported('tfc-w2a2-qonnx'), mnist(1000), 'data/mnist-10k.npz');
    expect(outcome).toEqual({ images: 1000, same: 1000, correct: 966, outputs: 32 });
  });

  it('kws-mlp-w3a3: a scale a channel, a narrow input', () => {
    const outcome = run('kws-mlp-w3a3-qonnx', imported('kws-mlp-w3a3-qonnx'), kws(500), 'data/kws-500.npz');
    expect(outcome).toEqual({ images: 500, same: 500, correct: 417, outputs: 32 });
  });

  it('mnist-cnn: 16-bit activations, ties of power-of-two scales, a sigmoid on the host, bytes as input codes', () => {
    const network = imported('mnist-cnn-qonnx', { bits: 8, scale: Math.fround(1 / 255), zero: 0 });
    const outcome = run('mnist-cnn-qonnx', network, mnist(500), 'data/mnist-10k.npz');
    expect(outcome).toEqual({ images: 500, same: 500, correct: 475, outputs: 32 });
  });

  it('kws-dscnn: all but one reference output; there the executor rounds 3.4999996 of conv2d_2 up to 4', () => {
    const outcome = run('kws-dscnn-qdq', imported('kws-dscnn-qdq'), kwsByTime(500), 'data/kws-500.npz');
    expect(outcome).toEqual({ images: 500, same: 500, correct: 455, outputs: 31 });
  });

  it('resnet8: residual adds round as the model does; 29 reference outputs, the executor rounds in float32 elsewhere', () => {
    const outcome = run('resnet8-qdq', imported('resnet8-qdq'), cifar(100), 'data/cifar10-100.npz');
    expect(outcome).toEqual({ images: 100, same: 100, correct: 88, outputs: 29 });
  });
});
