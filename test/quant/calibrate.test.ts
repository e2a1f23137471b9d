import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/frontend/graph.js';
import { calibrate } from '../../src/quant/calibrate.js';
import { GraphBuilder, randomSamples } from '../support/graph-builder.js';

/** conv0: 2x - 1 on channel 0 of 1; affine1: the negative of it */
const GRAPH = new GraphBuilder([1, 1, 1, 2])
  .conv({ kernel: [1, 1], channels: 1, weights: [2], bias: [-1] })
  .affine({ scale: [-1], shift: [0] })
  .build();

describe('calibrate', () => {
  it('sees the least and largest value of every tensor over all samples', async () => {
    const { samples, tensors } = await calibrate(GRAPH, [Float32Array.of(1, 2), Float32Array.of(0.5, 4)]);
    expect(samples).toBe(2);
    expect(tensors.get('input')).toMatchObject({ min: 0.5, max: 4, integers: false });
    expect(tensors.get('conv0.out')).toMatchObject({ min: 0, max: 7, integers: true });
    expect(tensors.get('affine1.out')).toMatchObject({ min: -7, max: 0, integers: true });
    expect(Array.from(tensors.get('conv0.out')!.values)).toEqual([1, 3, 0, 7]);
  });

  it('keeps the values of large tensors from every row, column and channel, and every image', async () => {
    const graph = new GraphBuilder([1, 4, 64, 64]).affine({ scale: [1, 1, 1, 1], shift: [0, 0, 0, 0] }).build();
    // Each value says where it lies: 4 channels of 1000, 64 rows of 10, 64 columns of 0.1, negative in image 1.
    const image = Float32Array.from(
      { length: 4 * 64 * 64 },
      (_, i) => 1 + (i >> 12) * 1000 + ((i >> 6) & 63) * 10 + (i & 63) / 10,
    );
    const { tensors } = await calibrate(graph, [image, image.map((x) => -x), image, image]);
    const kept = Array.from(tensors.get('affine0.out')!.values);
    expect(kept.length).toBeGreaterThan(2 ** 14);
    const places = (of: (x: number) => number) => new Set(kept.map((x) => of(Math.abs(x) - 1))).size;
    expect(places((x) => Math.floor(x / 1000))).toBe(4);
    expect(places((x) => Math.floor((x % 1000) / 10))).toBe(64);
    expect(places((x) => Math.round((x % 10) * 10) % 100)).toBe(64);
    expect(kept.filter((x) => x < 0).length).toBeGreaterThan(kept.length / 5);
  });

  it('keeps evenly spaced inputs, in the order of the graph', async () => {
    const samples = Array.from({ length: 128 }, (_, i) => Float32Array.of(i, 0));
    const { inputs } = await calibrate(GRAPH, samples);
    expect(inputs).toHaveLength(64);
    expect(inputs.slice(0, 3).map((x) => x.get('input')![0])).toEqual([0, 2, 4]);
    const layout = { modelShape: [2, 1], split: [2, 1], permutation: [1, 0] };
    const turned: Graph = {
      ...new GraphBuilder([1, 2, 1, 2]).affine().build(),
      inputs: [
        {
          name: 'input',
          shape: [1, 2, 1, 2],
          layout: { ...layout, modelShape: [1, 1, 2, 2], split: [2, 2] },
        },
      ],
    };
    // Pixels (1, 2) and (3, 4), channels last, become channels (1, 3) and (2, 4).
    const result = await calibrate(turned, [Float32Array.of(1, 2, 3, 4)]);
    expect(Array.from(result.inputs[0]!.get('input')!)).toEqual([1, 3, 2, 4]);
    expect(Array.from(result.tensors.get('input')!.values)).toEqual([1, 3, 2, 4]);
  });

  it('reports progress image by image', async () => {
    const seen: number[][] = [];
    await calibrate(GRAPH, randomSamples(GRAPH, 3, 0, 1), (done, total) => seen.push([done, total]));
    expect(seen).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it.each([
    ['no samples', [], { code: 'calibration-needed', where: 'input' }],
    ['a sample of the wrong size', [[1, 2], [1]], { code: 'data-shape', where: 'sample 1 for input input' }],
    ['NaN', [[1, Number.NaN]], { code: 'data-type', where: 'sample 0, element 1' }],
    [
      'infinity',
      [
        [1, 2],
        [Number.NEGATIVE_INFINITY, 0],
      ],
      { code: 'data-type', where: 'sample 1, element 0' },
    ],
    ['a sample that overflows within', [[3e38, 0]], { code: 'data-type', where: 'sample 0, tensor conv0.out' }],
  ])('refuses %s', async (_, samples, expected) => {
    const floats = samples.map((sample) => Float32Array.from(sample));
    await expect(calibrate(GRAPH, floats)).rejects.toMatchObject({ name: 'SystoleError', ...expected });
  });
});
