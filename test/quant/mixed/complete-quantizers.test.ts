import { describe, expect, it } from 'vitest';
import { checkGraph } from '../../../src/frontend/check-graph.js';
import type { Graph } from '../../../src/frontend/graph.js';
import { calibrate } from '../../../src/quant/calibrate.js';
import { completeQuantizers } from '../../../src/quant/mixed/complete-quantizers.js';
import { openPlaces } from '../../../src/quant/mixed/open-places.js';
import type { IntegerNetwork } from '../../../src/quant/network.js';
import { inputCodes } from '../../../src/quant/numerics.js';
import type { QuantizeOptions } from '../../../src/quant/options.js';
import { toIntegerNetwork, whatIsOpen } from '../../../src/quant/to-integer-network.js';
import { compareLevels } from '../../support/compare-levels.js';
import { GraphBuilder, RELU, randomSamples, uniform } from '../../support/graph-builder.js';
import { testMachine } from '../../support/machines.js';
import { relativeNoise } from '../../support/noise.js';

const OPTIONS: QuantizeOptions = {
  ...{ weights: 8, activations: 8, ends: 8 },
  widths: { mBits: 34, bBits: 64, nBits: 6 },
  tableEntries: 2 ** 12,
};
const MACHINE = testMachine({ memory: { tableEntries: 2 ** 12 } });
const SAME3 = { kernel: [3, 3], pads: [1, 1, 1, 1] } as const;
const OWN = uniform({ scale: 1 / 32 });

interface Completed {
  readonly network: IntegerNetwork;
  readonly noise: number;
}

async function completed(graph: Graph, changes: Partial<QuantizeOptions> = {}): Promise<Completed> {
  const samples = randomSamples(graph, 6, -1, 1);
  const calibration = await calibrate(graph, samples);
  expect(whatIsOpen(graph)).toBe('parts');
  checkGraph(completeQuantizers(graph, calibration, OPTIONS), 'completing');
  const network = toIntegerNetwork(graph, { calibration, input: null }, { ...OPTIONS, ...changes });
  expect(compareLevels(network, MACHINE, inputCodes(network, samples[0]!)).divergence).toBe(null);
  const [noise] = await relativeNoise(graph, network, samples);
  return { network, noise: noise! };
}

const codes = (scale: number) => ({ bits: 4, scale: [scale] });

describe('a model that is quantized in parts', () => {
  it('gets what it lacks from calibration, and keeps what it has', async () => {
    const builder = new GraphBuilder([1, 2, 6, 5], 3).quant(OWN);
    builder.conv({ ...SAME3, channels: 3, codes: codes(1 / 16), clamp: RELU }).quant(uniform({ scale: 1 / 8, lo: 0 }));
    const shortcut = builder.last;
    builder
      .conv({ ...SAME3, channels: 3, clamp: RELU })
      .conv({ ...SAME3, channels: 3 })
      .add(shortcut, builder.last, RELU);
    const graph = builder
      .pool('averagepool', { kernel: [2, 2] })
      .pointwise('tanh')
      .dense({ channels: 4 })
      .build();
    expect([...openPlaces(graph).tensors]).toEqual(['conv3.out', 'add5.out', 'tanh7.out']);
    const { network, noise } = await completed(graph);
    expect(noise).toBeLessThan(0.03);
    expect(network.tensors['quant2.out']).toMatchObject({ scale: 1 / 8 });
    expect(network.layers.map(({ name }) => name)).toEqual(['conv1', 'conv3', 'conv4', 'averagepool6', 'dense8']);
    expect(network.layers[0]).toMatchObject({ weightFormat: { bits: 4 } });
    for (const { exactness } of network.layers) {
      if (exactness.kind === 'approximate') expect(exactness.maxCodes).toBe(1);
    }
  });

  it('keeps the real values for a quantizer of its own beside ours', async () => {
    const builder = new GraphBuilder([1, 2, 4, 4], 3).quant(OWN).conv({ ...SAME3, channels: 3, codes: codes(1 / 16) });
    const real = builder.last;
    builder.quant(uniform({ scale: 1 / 8 })).conv({ kernel: [1, 1], channels: 3, codes: codes(1 / 16) });
    const { noise } = await completed(builder.mul(builder.last, real).build());
    expect(noise).toBeLessThan(0.06);
  });

  it('has its input quantized where it does not do so itself, at the bits that are asked for', async () => {
    const builder = new GraphBuilder([1, 2, 4, 4], 3).conv({ ...SAME3, channels: 3 }).quant(uniform({ scale: 1 / 16 }));
    builder.conv({ kernel: [1, 1], channels: 3, clamp: RELU }).conv({ kernel: [1, 1], channels: 2 });
    const { network } = await completed(builder.build(), { weights: 3, activations: 4 });
    expect(network.layers.map((layer) => layer.kind === 'conv' && layer.weightFormat.bits)).toEqual([8, 3, 8]);
    expect(network.tensors[network.inputs[0]!.tensor]!.bits).toBe(8);
    const same = await completed(builder.build(), { weights: 3, activations: 4, ends: 'same' });
    expect(same.network.tensors[same.network.inputs[0]!.tensor]!.bits).toBe(4);
  });

  it('quantizes an output that is no bare sum', async () => {
    const graph = new GraphBuilder([1, 2, 4, 4], 3)
      .quant(OWN)
      .conv({ ...SAME3, channels: 3, codes: codes(1 / 16), clamp: RELU })
      .build();
    const { network, noise } = await completed(graph);
    expect(noise).toBeLessThan(0.02);
    expect(network.outputs[0]).toMatchObject({ name: 'conv1.out', form: 'codes' });
  });

  it('is taken as it is without calibration, and what it lacks is named', () => {
    const graph = new GraphBuilder([1, 2, 4, 4], 3)
      .quant(OWN)
      .conv({ ...SAME3, channels: 3 })
      .build();
    expect(whatIsOpen(graph)).toBe('parts');
    expect(() => toIntegerNetwork(graph, { calibration: null, input: null }, OPTIONS)).toThrow(
      expect.objectContaining({ code: 'network-unsupported', where: 'conv1' }),
    );
  });

  it('needs every tensor calibrated', async () => {
    const graph = new GraphBuilder([1, 2, 4, 4], 3)
      .quant(OWN)
      .conv({ ...SAME3, channels: 3, clamp: RELU })
      .build();
    const none = { samples: 0, inputs: [], tensors: new Map() };
    expect(() => completeQuantizers(graph, none, OPTIONS)).toThrow(
      expect.objectContaining({ code: 'calibration-needed', where: 'conv1.out' }),
    );
  });
});
