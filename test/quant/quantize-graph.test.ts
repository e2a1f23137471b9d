import { describe, expect, it } from 'vitest';
import { openFloatModel } from '../../src/frontend/float-model.js';
import type { Graph } from '../../src/frontend/graph.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import { calibrate } from '../../src/quant/calibrate.js';
import { runGolden } from '../../src/quant/golden.js';
import type { ConvLayer, IntegerNetwork } from '../../src/quant/network.js';
import { inputCodes, modelOutput } from '../../src/quant/numerics.js';
import { type QuantizeOptions, quantizeGraph } from '../../src/quant/quantize-graph.js';
import { GraphBuilder, RELU, randomSamples } from '../support/graph-builder.js';

const OPTIONS: QuantizeOptions = {
  weights: 8,
  activations: 8,
  ends: 8,
  widths: { mBits: 34, bBits: 64, nBits: 6 },
};

const SAME3 = { kernel: [3, 3], pads: [1, 1, 1, 1] } as const;

async function quantized(
  graph: Graph,
  changes: Partial<QuantizeOptions> = {},
  samples = randomSamples(graph, 6, -1, 1),
) {
  return quantizeGraph(graph, await calibrate(graph, samples), { ...OPTIONS, ...changes });
}

function convs(network: IntegerNetwork): ConvLayer[] {
  return network.layers.filter((layer) => layer.kind === 'conv');
}

function integerOutput(network: IntegerNetwork, sample: Float32Array): Float32Array {
  return modelOutput(network, runGolden(network, inputCodes(network, sample)).get(network.outputs[0]!.tensor)!);
}

/** Noise of the integer network's outputs as a part of the float outputs' spread, both over all samples. */
async function relativeNoise(graph: Graph, network: IntegerNetwork, samples: readonly Float32Array[]): Promise<number> {
  const model = await openFloatModel(graphToOnnx(graph));
  let [noise, signal] = [0, 0];
  for (const sample of samples) {
    const float = (await model.run(sample)).get(graph.modelOutputs[0]!.name)!;
    const mean = float.reduce((a, b) => a + b, 0) / float.length;
    integerOutput(network, sample).forEach((x, i) => {
      noise += (x - float[i]!) ** 2;
      signal += (float[i]! - mean) ** 2;
    });
  }
  await model.close();
  return Math.sqrt(noise / signal);
}

/** Every kind of node, every kind of group, a residual that fuses and one that does not. */
function everything(): Graph {
  const builder = new GraphBuilder([1, 4, 9, 8], 3);
  builder.conv({ ...SAME3, channels: 6, clamp: RELU });
  const shortcut = builder.last;
  builder.conv({ ...SAME3, channels: 6 }).add(shortcut, builder.last, RELU);
  const fused = builder.last;
  builder.conv({ ...SAME3, channels: 6, groups: 6, clamp: { min: -0.5, max: 1 } });
  builder.conv(
    { kernel: [2, 3], strides: [2, 1], dilations: [1, 2], pads: [0, 1, 1, 3], channels: 9, groups: 3 },
    fused,
  );
  builder.pool('maxpool', { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 0, 1] }).affine();
  const left = builder.last;
  builder.affine({ clamp: RELU }).add(left, builder.last).add(builder.last, builder.last);
  return builder
    .pool('averagepool', { kernel: [2, 2], pads: [1, 0, 0, 1] })
    .dense({ channels: 5 })
    .build();
}

describe('quantizeGraph', () => {
  it('follows the float model through every kind of layer', async () => {
    const graph = everything();
    const samples = randomSamples(graph, 12, -1, 1);
    const network = await quantized(graph, {}, samples);
    expect(await relativeNoise(graph, network, samples)).toBeLessThan(0.02);
  });

  it('follows it less closely with fewer bits, and at every width', async () => {
    const graph = everything();
    const samples = randomSamples(graph, 6, -1, 1);
    const noise = async (changes: Partial<QuantizeOptions>) =>
      relativeNoise(graph, await quantized(graph, changes, samples), samples);
    const byWeights = await Promise.all(([8, 4, 2] as const).map((weights) => noise({ weights })));
    expect(byWeights[0]).toBeLessThan(byWeights[1]!);
    expect(byWeights[1]).toBeLessThan(byWeights[2]!);
    for (const weights of [1, 3] as const) expect(await noise({ weights })).toBeLessThan(2);
    for (const activations of [1, 2, 3, 4, 5, 6, 7]) expect(await noise({ activations })).toBeLessThan(3);
    expect(await noise({ weights: 1, activations: 1, ends: 'same' })).toBeLessThan(3);
  });

  it('proves every layer exact on the widths of a machine, every accumulator of every channel tried', async () => {
    for (const layer of convs(await quantized(everything(), { weights: 3 }))) {
      expect(layer.exactness, layer.name).toEqual({ kind: 'exact' });
      if (layer.requantize === null) continue;
      expect(layer.checked!.wholeChannels).toBe(layer.requantize.m.length);
      expect(layer.checked!.values).toBeGreaterThan(layer.accRange.max - layer.accRange.min);
    }
  });

  it('stays within narrow widths, and says what that costs', async () => {
    const widths = { mBits: 8, bBits: 16, nBits: 4 };
    const network = await quantized(everything(), { widths });
    for (const layer of convs(network)) {
      const q = layer.requantize;
      if (q === null) continue;
      for (const m of [...q.m, ...(q.residual?.m ?? [])]) expect(Math.abs(m)).toBeLessThan(2 ** 7);
      for (const b of q.b) expect(BigInt.asIntN(16, b)).toBe(b);
      for (const n of q.n) expect(n).toBeLessThan(16);
    }
    expect(convs(network).some((layer) => layer.exactness.kind === 'approximate')).toBe(true);
  });

  it('keeps 8 bits in the first and last layer, its own bits everywhere else', async () => {
    const builder = new GraphBuilder([1, 2, 6, 6]).conv({ ...SAME3, channels: 3, clamp: RELU });
    const graph = builder
      .conv({ ...SAME3, channels: 3, clamp: RELU })
      .pool('maxpool', { kernel: [2, 2], strides: [2, 2] })
      .dense({ channels: 4 })
      .build();
    const bits = (network: IntegerNetwork) => network.layers.map(({ output }) => network.tensors[output]!.bits);
    const wide = await quantized(graph, { weights: 3, activations: 4 });
    expect(convs(wide).map(({ weightFormat }) => weightFormat.bits)).toEqual([8, 3, 8]);
    // The last layer reads the pool, whose codes are those of the layer before.
    expect(wide.tensors.input!.bits).toBe(8);
    expect(bits(wide)).toEqual([4, 8, 8, 8]);
    const same = await quantized(graph, { weights: 3, activations: 4, ends: 'same' });
    expect(convs(same).map(({ weightFormat }) => weightFormat.bits)).toEqual([3, 3, 3]);
    expect(same.tensors.input!.bits).toBe(4);
    expect(bits(same).slice(0, 3)).toEqual([4, 4, 4]);
  });

  it('fuses an add into the convolution that makes its later operand, and pools hand codes on', async () => {
    const network = await quantized(everything());
    expect(network.layers.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'conv conv0',
      'conv conv1',
      'conv conv3',
      'conv conv4',
      'maxpool maxpool5',
      'conv affine6',
      'conv affine7',
      'conv add8',
      'conv add9',
      'conv averagepool10',
      'conv dense11',
    ]);
    expect(convs(network)[1]).toMatchObject({ sources: ['conv1', 'add2'], output: 'add2.out' });
    expect(convs(network)[1]!.requantize!.residual!.tensor).toBe('conv0.out');
    const { scale, zero } = network.tensors['conv4.out']!;
    expect(network.tensors['maxpool5.out']).toMatchObject({ scale, zero });
  });

  it('spreads groups that are neither one nor one a channel, with zeros that even bipolar weights get', async () => {
    const graph = new GraphBuilder([1, 4, 3, 3])
      .conv({ kernel: [1, 1], channels: 2, groups: 2 })
      .conv({ kernel: [1, 1], channels: 4 })
      .build();
    const [first] = convs(await quantized(graph, { weights: 1, ends: 'same' }));
    expect(first).toMatchObject({ groups: 1, weightFormat: { bits: 2 }, sourceWeights: 4 });
    const signs = Array.from(first!.weights, Math.abs);
    expect(signs).toEqual([1, 1, 0, 0, 0, 0, 1, 1]);
  });

  it('takes bytes 0..255 as they are', async () => {
    const graph = new GraphBuilder([1, 1, 4, 4]).conv({ ...SAME3, channels: 2 }).build();
    const samples = randomSamples(graph, 1, 0, 200).map((sample) => sample.map(Math.round));
    const network = await quantized(graph, {}, samples);
    expect(network.tensors.input).toMatchObject({ bits: 8, scale: 1, zero: 0 });
    expect(Array.from(inputCodes(network, samples[0]!))).toEqual(Array.from(samples[0]!));
  });

  it('calibrates on one sample, on constants and on zeros', async () => {
    const graph = everything();
    const size = randomSamples(graph, 1, 0, 1)[0]!.length;
    for (const value of [0, 1, -3, 0.1]) {
      const samples = [new Float32Array(size).fill(value)];
      const network = await quantized(graph, {}, samples);
      expect(integerOutput(network, samples[0]!).every(Number.isFinite)).toBe(true);
    }
  });

  it.each([1, 3, 8] as const)('gives the biases alone where all weights are zero, at %i bits', async (weights) => {
    const zeros = (count: number): number[] => new Array<number>(count).fill(0);
    const graph = new GraphBuilder([1, 2, 3, 3])
      .conv({ kernel: [3, 3], channels: 2, weights: zeros(36), bias: [1, 4] })
      .conv({ kernel: [1, 1], channels: 2, weights: [0.5, 0, 0, 0], bias: [0, -2] })
      .build();
    const output = integerOutput(await quantized(graph, { weights, ends: 'same' }), randomSamples(graph, 1, -1, 1)[0]!);
    if (weights !== 1) expect(output[0]).toBeCloseTo(0.5, 1);
    expect(output[1]).toBeCloseTo(-2, weights === 1 ? 0 : 1);
  });

  it('corrects biases by what rounding the weights adds on average', async () => {
    const graph = everything();
    const samples = randomSamples(graph, 8, 0.2, 1);
    const calibration = await calibrate(graph, samples);
    const noise = async (biasCorrection: boolean) => {
      const network = quantizeGraph(graph, calibration, { ...OPTIONS, weights: 3, biasCorrection });
      return relativeNoise(graph, network, samples);
    };
    expect(await noise(true)).toBeLessThan((await noise(false)) * 0.9);
  });

  it('lets the accumulators of the last layer leave as they are, where no clamp or residual stands behind it', async () => {
    const raw = new GraphBuilder([1, 2, 3, 3]).conv({ ...SAME3, channels: 2 }).build();
    expect((await quantized(raw)).outputs[0]!.form).toBe('accumulators');
    const pooled = new GraphBuilder([1, 2, 3, 3]).pool('averagepool', { kernel: [3, 3] }).build();
    expect((await quantized(pooled)).outputs[0]!.form).toBe('accumulators');
    const clamped = new GraphBuilder([1, 2, 3, 3]).conv({ ...SAME3, channels: 2, clamp: RELU }).build();
    expect((await quantized(clamped)).outputs[0]!.form).toBe('codes');
    const most = new GraphBuilder([1, 2, 3, 3]).pool('maxpool', { kernel: [3, 3] }).build();
    expect((await quantized(most)).outputs[0]!.form).toBe('codes');
  });

  it('gives equal networks for equal inputs', async () => {
    expect(await quantized(everything())).toEqual(await quantized(everything()));
  });

  it.each([
    [{ activations: 0 }, '--activations'],
    [{ activations: 9 }, '--activations'],
    [{ activations: 2.5 }, '--activations'],
    [{ weights: 5 as never }, '--weights'],
    [{ ends: 4 as never }, '--ends'],
  ])('refuses %o', async (changes, where) => {
    await expect(quantized(everything(), changes)).rejects.toMatchObject({ code: 'option-invalid', where });
  });

  it('refuses a calibration of another graph', async () => {
    const other = new GraphBuilder([1, 2, 3, 3]).conv({ ...SAME3, channels: 2 }).build();
    const calibration = await calibrate(other, randomSamples(other, 1, 0, 1));
    expect(() => quantizeGraph(everything(), calibration, OPTIONS)).toThrow(
      expect.objectContaining({ code: 'calibration-needed' }),
    );
  });
});
