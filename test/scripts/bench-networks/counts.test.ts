import { describe, expect, it } from 'vitest';
import { BENCH_NETWORKS, type BenchNetwork, benchNetwork } from '../../../scripts/bench-networks/table.js';
import { inspectOnnx } from '../../../src/frontend/inspect-onnx.js';
import { decodeModel } from '../../../src/frontend/onnx/decode.js';

const tableOf = (name: string): BenchNetwork => BENCH_NETWORKS.find((network) => network.name === name)!;

/** Values of the constants whose names end so. */
function values(bytes: Uint8Array, ends: RegExp): number {
  const found = [...decodeModel(bytes).initializers].filter(([name]) => ends.test(name));
  return found.reduce((total, [, { shape }]) => total + shape.reduce((a, b) => a * b, 1), 0);
}

const TRAINED = /\.(weight|bias|gamma|beta|scale|offset)$/;

describe('a network imports without an obstacle, with the multiplications and parameters that its table says', () => {
  it.each(BENCH_NETWORKS)('$name', ({ name, inputShape, macs, weights, parameters }) => {
    const bytes = benchNetwork(name);
    const found = inspectOnnx(bytes);
    expect(found.obstacles).toEqual([]);
    expect(found.inputs).toEqual([{ name: 'input', type: 'float32', shape: inputShape }]);
    expect({ macs: found.macs, weights: found.weights }).toEqual({ macs, weights });
    expect(values(bytes, TRAINED)).toBe(parameters);
  });
});

describe('the tables say what was published', () => {
  // What torchvision calls GFLOPS are multiplications.
  it.each([
    ['resnet-18', 1.814, 11_689_512],
    ['resnet-50', 4.089, 25_557_032],
    ['vgg-16', 15.47, 138_357_544],
    ['mobilenet-v2', 0.301, 3_504_872],
  ])('%s in torchvision: %d G multiplications, %d parameters', (name, giga, parameters) => {
    expect(tableOf(name).macs / 1e9).toBeCloseTo(giga, 3);
    expect(tableOf(name).parameters).toBe(parameters);
  });

  it('mobilenet-v1: 569 M multiplications and 4.2 M parameters in the paper, 4231976 trained ones in Keras', () => {
    const { macs, parameters } = tableOf('mobilenet-v1');
    expect([Math.round(macs / 1e6), parameters]).toEqual([569, 4_231_976]);
  });

  // Keras counts the statistics of a batch norm among the parameters.
  it.each([
    ['visual-wake-words', 221_794],
    ['resnet-8', 78_666],
    ['ds-cnn', 24_908],
  ])('%s of MLPerf Tiny has %d parameters in Keras, statistics included', (name, all) => {
    expect(values(benchNetwork(name), /\.(weight|bias|gamma|beta|mean|variance)$/)).toBe(all);
  });

  it('yolov3-tiny: thousand million operations of each layer, as darknet prints them', () => {
    const { layers } = inspectOnnx(benchNetwork('yolov3-tiny'));
    const billions = layers.map(({ macs }) => ((2 * macs) / 1e9).toFixed(3)).join(' ');
    const [body, coarse, fine] = [
      '0.150 0.399 0.399 0.399 0.399 0.399 1.595 0.089',
      '0.399 0.044',
      '0.011 1.196 0.088',
    ];
    expect(billions).toBe(`${body} ${coarse} ${fine}`);
  });

  it('cnv-w1a1: 3x3 convolutions over maps of 30, 28, 12, 10, 3 and 1, then 256-512-512-10', () => {
    const channels = [3, 64, 64, 128, 128, 256, 256];
    const convolutions = [30, 28, 12, 10, 3, 1].map((side, i) => side * side * 9 * channels[i]! * channels[i + 1]!);
    const sum = [...convolutions, 256 * 512, 512 * 512, 512 * 10].reduce((a, b) => a + b, 0);
    expect(tableOf('cnv-w1a1').macs).toBe(sum);
  });

  it('tfc-w1a1: 784-64-64-64-10', () => {
    expect(tableOf('tfc-w1a1').macs).toBe(784 * 64 + 64 * 64 + 64 * 64 + 64 * 10);
  });
});

it('a name that is none is refused with the names that are', () => {
  expect(() => benchNetwork('resnet-9')).toThrow(/no network resnet-9; there are resnet-18, resnet-50/);
});
