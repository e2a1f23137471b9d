/** Accuracy on real data: models of ../shared, which is not part of the repository, and the example, which is. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderShape } from '../../examples/shapes/render.mjs';
import { readNpz } from '../../src/base/npz.js';
import { importOnnx } from '../../src/frontend/import-onnx.js';
import { calibrate } from '../../src/quant/calibrate.js';
import { openFastModel } from '../../src/quant/fast/open-fast-model.js';
import { runGolden } from '../../src/quant/golden.js';
import { argmax } from '../../src/quant/host/lines.js';
import type { IntegerNetwork } from '../../src/quant/network.js';
import { inputCodes, modelOutput } from '../../src/quant/numerics.js';
import { type QuantizeOptions, quantizeGraph } from '../../src/quant/quantize-graph.js';

const SHARED = new URL('../../../shared/models/', import.meta.url);
const noShared = !existsSync(SHARED);
const EXAMPLE = new URL('../../examples/shapes/shapes.onnx', import.meta.url);
const WIDTHS = { mBits: 34, bBits: 64, nBits: 6 };

interface LabelledData {
  readonly images: readonly Float32Array[];
  readonly labels: readonly number[];
}

/** Of a .npz with bytes, `layout` giving the place of image element i in the model's order. */
function sharedData(file: string, count: number, size: number, place: (i: number) => number): LabelledData {
  const bytes = readFileSync(new URL(`data/${file}`, SHARED));
  const images = readNpz(bytes, 'images', file).data as Uint8Array;
  const labels = Array.from(readNpz(bytes, 'labels', file).data, Number).slice(0, count);
  const image = (n: number): Float32Array => {
    const values = new Float32Array(size);
    for (let i = 0; i < size; i++) values[place(i)] = images[n * size + i]!;
    return values;
  };
  return { images: labels.map((_, n) => image(n)), labels };
}

function shapesData(first: number, count: number): LabelledData {
  const shapes = Array.from({ length: count }, (_, i) => renderShape(first + i));
  return { images: shapes.map(({ pixels }) => Float32Array.from(pixels)), labels: shapes.map(({ label }) => label) };
}

async function quantizedModel(file: URL, samples: readonly Float32Array[]) {
  const graph = importOnnx(readFileSync(file));
  const calibration = await calibrate(graph, samples);
  return (weights: QuantizeOptions['weights']): IntegerNetwork =>
    quantizeGraph(graph, calibration, { weights, activations: 8, ends: 8, widths: WIDTHS });
}

function correct(network: IntegerNetwork, { images, labels }: LabelledData): number {
  const model = openFastModel(network);
  const prediction = (image: Float32Array): number => {
    const values = model.run(inputCodes(network, image));
    return argmax(modelOutput(network, values.get(network.outputs[0]!.tensor)!));
  };
  return images.filter((image, i) => prediction(image) === labels[i]).length;
}

function expectGolden(network: IntegerNetwork, image: Float32Array): void {
  const codes = inputCodes(network, image);
  const fast = openFastModel(network).run(codes);
  for (const [name, values] of runGolden(network, codes)) {
    expect(
      values.findIndex((value, i) => value !== fast.get(name)![i]),
      name,
    ).toBe(-1);
  }
}

function expectExact(network: IntegerNetwork): void {
  for (const layer of network.layers) expect(layer.exactness, layer.name).toEqual({ kind: 'exact' });
}

describe('post-training quantization', () => {
  it.skipIf(noShared)('keeps mnist-8-float at 980 of 1000 with 8-bit weights; skipped without ../shared', async () => {
    const data = sharedData('mnist-10k.npz', 1000, 28 * 28, (i) => i);
    const network = (await quantizedModel(new URL('mnist-8-float.onnx', SHARED), data.images))(8);
    expectExact(network);
    expectGolden(network, data.images[0]!);
    expect(correct(network, data)).toBeGreaterThanOrEqual(980);
  });

  it.skipIf(noShared)('keeps resnet8-float at 86 of 100 with 8-bit weights; skipped without ../shared', async () => {
    // NHWC to NCHW
    const data = sharedData('cifar10-100.npz', 100, 3 * 1024, (i) => (i % 3) * 1024 + Math.floor(i / 3));
    const network = (await quantizedModel(new URL('resnet8-float.onnx', SHARED), data.images))(8);
    expectExact(network);
    expectGolden(network, data.images[0]!);
    expect(correct(network, data)).toBeGreaterThanOrEqual(86);
  });

  it('keeps the shapes at 93 % with 3-bit and 85 % with binary weights, on 300 images never seen', async () => {
    const unseen = shapesData(0, 300);
    const model = await quantizedModel(EXAMPLE, shapesData(20_000, 64).images);
    for (const [weights, least] of [
      [3, 0.93],
      [1, 0.85],
    ] as const) {
      const network = model(weights);
      expectExact(network);
      expectGolden(network, unseen.images[0]!);
      expect(correct(network, unseen) / unseen.images.length).toBeGreaterThanOrEqual(least);
    }
  });
});
