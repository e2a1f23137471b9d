import { describe, expect, it } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import { checkGraph } from '../../../src/frontend/check-graph.js';
import type { Graph, Rounding } from '../../../src/frontend/graph.js';
import { openFastModel } from '../../../src/quant/fast/open-fast-model.js';
import { runGolden } from '../../../src/quant/golden.js';
import { importQuantized } from '../../../src/quant/import-quantized/import-quantized.js';
import type { IntegerNetwork } from '../../../src/quant/network.js';
import { inputCodes, modelOutput } from '../../../src/quant/numerics.js';
import { networkFromBytes, networkToBytes } from '../../../src/quant/serialize.js';
import { compareLevels } from '../../support/compare-levels.js';
import { evaluateGraph } from '../../support/evaluate-graph.js';
import { GraphBuilder, RELU, uniform } from '../../support/graph-builder.js';
import { keeps } from '../../support/host-chain.js';
import { testMachine } from '../../support/machines.js';

const WIDTHS = { mBits: 34, bBits: 64, nBits: 6 };
const SAME = { kernel: [3, 3], pads: [1, 1, 1, 1] } as const;
const ROUNDINGS: readonly Rounding[] = [
  'half-even',
  'half-up',
  'half-down',
  'half-away',
  'half-to-zero',
  'floor',
  'ceil',
];
const MACHINES = [testMachine(), testMachine({ rows: 2, activationDigit: 4, weightDigit: 2, accBits: 32 })];

function imported(graph: Graph): IntegerNetwork {
  checkGraph(graph, 'the builder');
  return importQuantized(graph, { widths: WIDTHS });
}

/** Every tensor of the network stands for the values of the graph's quantizer of its name, on random inputs. */
function expectSameCodes(graph: Graph, network: IntegerNetwork, frames = 6, size = 12): void {
  const random = randomSource(7);
  const oneScale = graph.nodes.filter(
    (node) => node.kind === 'quant' && (node.quantizer.kind !== 'uniform' || node.quantizer.scale.length === 1),
  );
  const comparable = new Set(oneScale.map((node) => node.output));
  const count = graph.inputs[0]!.shape.reduce((a, b) => a * b, 1);
  for (let frame = 0; frame < frames; frame++) {
    // Multiples of 1/8: sums of them are exact, and meet ties.
    const input = Array.from({ length: count }, () => random.integer(-8 * size, 8 * size) / 8);
    const real = evaluateGraph(graph, input);
    const codes = inputCodes(network, Float32Array.from(input));
    const values = runGolden(network, codes);
    const fast = openFastModel(network).run(codes);
    for (const [name, map] of values) {
      expect([...fast.get(name)!], name).toEqual([...map]);
      const tensor = network.tensors[name]!;
      if (!comparable.has(name)) continue;
      const back = Array.from(map, (code) => tensor.scale * (code - tensor.zero));
      expect(back, name).toEqual(channelsLast(real.get(name)!, tensor.channels));
    }
    const output = modelOutput(network, values.get(network.outputs[0]!.tensor)!);
    expect([...output]).toEqual(real.get(graph.outputs[0]!.name)!.map(Math.fround));
    for (const machine of MACHINES) {
      expect(compareLevels(network, machine, Uint8Array.from(codes)).divergence, machine.name).toBeNull();
    }
  }
}

function channelsLast(values: readonly number[], channels: number): number[] {
  const pixels = values.length / channels;
  return values.map((_, i) => values[(i % channels) * pixels + Math.floor(i / channels)]!);
}

function expectExact(network: IntegerNetwork): void {
  for (const layer of network.layers) expect(layer.exactness, layer.name).toEqual({ kind: 'exact' });
}

function exactly(
  build: (builder: GraphBuilder) => GraphBuilder,
  shape: readonly number[] = [1, 3, 5, 5],
): IntegerNetwork {
  const graph = build(new GraphBuilder(shape, 3)).build();
  const network = imported(graph);
  expectExact(network);
  expectSameCodes(graph, network);
  return network;
}

describe('importQuantized', () => {
  it('keeps codes, scales and zero points of a convolution between two quantizers, its bias and relu', () => {
    const network = exactly((b) =>
      b
        .quant(uniform({ scale: 0.25, zero: 3 }))
        .conv({ ...SAME, channels: 4, codes: { bits: 8, scale: [0.5, 0.25, 1, 0.125] }, clamp: RELU })
        .quant(uniform({ scale: 8, zero: -128 })),
    );
    expect(network.layers[0]).toMatchObject({ weightFormat: { bits: 8 }, useful: true });
    expect(network.tensors['quant0.out']).toMatchObject({ bits: 8, scale: 0.25, zero: 131 });
    expect(network.outputs[0]!).toMatchObject({ form: 'codes', scale: [8] });
  });

  it.each(ROUNDINGS)('rounds %s as the model does, ties included', (round) => {
    exactly((b) =>
      b
        .quant(uniform({ scale: 0.5, round }))
        .dense({ channels: 6, codes: { bits: 3, scale: [0.25] }, bias: [0, 1, 2, 3, 4, -5].map((x) => x / 8) })
        .quant(uniform({ scale: 1, round, lo: 0, hi: 15 }))
        .dense({ channels: 3, codes: { bits: 2 } }),
    );
  });

  it('adds a zero point before it rounds where the model does, halves and quarters too', () => {
    exactly((b) =>
      b
        .quant(uniform({ scale: 0.5, zero: -0.5, zeroInside: true, lo: -8, hi: 7 }))
        .dense({ channels: 5, codes: { bits: 4, scale: [0.5] } })
        .quant(uniform({ scale: 2, zero: 1.25, zeroInside: true, lo: 0, hi: 31 }))
        .dense({ channels: 2, codes: { bits: 4 } }),
    );
  });

  it('stores bipolar codes as 0 and 1, and doubled where a layer pads them', () => {
    const network = exactly((b) =>
      b
        .affine({ scale: [2, 2, 2], shift: [-1, -1, -1] })
        .quant({ kind: 'bipolar', scale: 0.5 })
        .conv({ ...SAME, channels: 6, codes: { bits: 1 } })
        .norm([
          [1, 0, 0.5, 4],
          [-2, 0.25, 0, 0.25],
          [0.5, -0.5, 1, 1],
          [-1, 0, -1, 16],
          [0, 1, 0, 1],
          [1, 0, -3, 0.0625],
        ])
        .quant({ kind: 'bipolar', scale: 1 })
        .dense({ channels: 4, codes: { bits: 1, scale: [0.25] } }),
    );
    expect(network.tensors['quant1.out']).toMatchObject({ bits: 2, scale: 0.5, zero: 1 });
    expect(network.tensors['norm3.out']).toBeUndefined();
    expect(network.tensors['quant4.out']).toMatchObject({ bits: 1, scale: 2, zero: 0.5 });
    const [first] = network.layers;
    expect(first).toMatchObject({ kind: 'conv', weightFormat: { bits: 1 }, requantize: { n: [0, 0, 0, 0, 0, 0] } });
  });

  it('follows batch norms of either sign to wider codes', () => {
    exactly((b) =>
      b
        .quant(uniform({ scale: 0.5, lo: -7, hi: 7 }))
        .conv({ ...SAME, channels: 3, codes: { bits: 3, scale: [0.5] } })
        .norm([
          [1, 0.5, 0.25, 4],
          [-3, 0, 1, 0.25],
          [-0.5, 1, 0, 1],
        ])
        .quant(uniform({ scale: 2, lo: -4, hi: 3 }))
        .dense({ channels: 4, codes: { bits: 4 } }),
    );
  });

  it('rounds before a residual add where the model does, and once where it does not', () => {
    const network = exactly((b) => {
      b.quant(uniform({ scale: 0.5, zero: 5 }));
      const first = b.last;
      b.conv({ ...SAME, channels: 3, codes: { bits: 4, scale: [0.25] } }).quant(uniform({ scale: 1, zero: 21 }));
      b.add(first).quant(uniform({ scale: 0.5, zero: -128 }));
      const second = b.last;
      return b
        .conv({ kernel: [1, 1], channels: 3, codes: { bits: 4, scale: [0.25] } })
        .add(second, b.last, RELU)
        .quant(uniform({ scale: 1, zero: -128 }));
    });
    const residuals = network.layers.map(
      (layer) => layer.kind === 'conv' && (layer.requantize?.residual ?? null) !== null,
    );
    expect(residuals).toEqual([false, true, true]);
    expect(network.layers.map((layer) => layer.kind === 'conv' && layer.useful)).toEqual([true, false, true]);
  });

  it('pools codes: averages divide exactly, padding included, the largest pass unchanged', () => {
    exactly((b) =>
      b
        .quant(uniform({ scale: 0.5, zero: 2 }))
        .pool('averagepool', SAME)
        .quant(uniform({ scale: 0.25, zero: -3 }))
        .pool('maxpool', { kernel: [2, 2], strides: [2, 2] })
        .conv({ kernel: [1, 1], channels: 4, codes: { bits: 4 } })
        .pool('maxpool', { kernel: [2, 2] })
        .affine({ scale: [1, 2, 1, 0.5], shift: [0, 1, -1, 0], clamp: RELU })
        .quant(uniform({ scale: 1, lo: 0, hi: 255 }))
        .dense({ channels: 3, codes: { bits: 2 } }),
    );
  });

  it('takes relu on codes, scaled codes and codes put onto another grid', () => {
    exactly((b) =>
      b
        .quant(uniform({ scale: 0.5 }))
        .affine({ scale: [1, 1, 1], shift: [0, 0, 0], clamp: RELU })
        .conv({ ...SAME, channels: 3, codes: { bits: 3 } })
        .quant(uniform({ scale: 1, lo: -8, hi: 7 }))
        .affine({ scale: [0.5, 0.5, 0.5], shift: [0, 0, 0] })
        .conv({ ...SAME, channels: 3, codes: { bits: 3 } })
        .quant(uniform({ scale: 1 }))
        .quant(uniform({ scale: 4, zero: 3, lo: 0, hi: 15 }))
        .dense({ channels: 2, codes: { bits: 2 } }),
    );
  });

  it('takes a scale a channel in front of a depthwise convolution', () => {
    exactly((b) =>
      b
        .quant(uniform({ scale: [0.5, 1, 0.25] }))
        .conv({ ...SAME, channels: 3, groups: 3, codes: { bits: 4, scale: [0.5] } })
        .quant(uniform({ scale: 2 }))
        .dense({ channels: 2, codes: { bits: 2 } }),
    );
  });

  it('takes 9-bit weights, -2^(n-1) among them, 16-bit activations and groups', () => {
    const network = exactly(
      (b) =>
        b
          .quant(uniform({ scale: 0.25 }))
          .conv({ ...SAME, channels: 4, groups: 2, codes: { bits: 9, scale: [0.5] } })
          .quant(uniform({ scale: 0.25, lo: -32768, hi: 32767 }))
          .conv({ ...SAME, channels: 2, codes: { bits: 8 } })
          .quant(uniform({ scale: 64, zero: 7 })),
      [1, 4, 4, 4],
    );
    expect(network.layers[0]).toMatchObject({ weightFormat: { bits: 9 }, weights: expect.any(Int16Array) });
    expect(network.tensors['quant2.out']!.bits).toBeGreaterThan(12);
    expect(networkFromBytes(networkToBytes(network), 'here')).toEqual(network);
  });

  it('is stored whole: an input quantizer, and one among the steps behind the network', () => {
    const graph = new GraphBuilder([1, 3, 4, 4])
      .affine({ scale: [2, 2, 2], shift: [-1, -1, -1] })
      .quant({ kind: 'bipolar', scale: 1 })
      .dense({ channels: 2, codes: { bits: 1 } })
      .build([keeps({ kind: 'quantize', quantizer: uniform({ scale: 0.5, zero: 3 }) })]);
    const network = imported(graph);
    expect(networkFromBytes(networkToBytes(network), 'here')).toEqual(network);
  });

  it('is refused where a tensor in front of the array has no quantizer, and names the node', () => {
    const open = (build: (b: GraphBuilder) => GraphBuilder) => () =>
      imported(build(new GraphBuilder([1, 3, 5, 5])).build());
    const codes = { bits: 4 };
    const start = (b: GraphBuilder): GraphBuilder => b.quant(uniform()).conv({ ...SAME, channels: 3, codes });
    const refusal = (where: string) => expect.objectContaining({ code: 'network-unsupported', where });
    expect(open((b) => start(b).conv({ ...SAME, channels: 3, codes }))).toThrow(refusal('conv2'));
    expect(open((b) => b.conv({ ...SAME, channels: 3, codes }).quant(uniform()))).toThrow(refusal('conv0'));
    expect(
      open((b) =>
        b
          .quant(uniform())
          .conv({ ...SAME, channels: 3 })
          .quant(uniform()),
      ),
    ).toThrow(refusal('conv1'));
    expect(open((b) => b.quant(uniform()).conv({ ...SAME, channels: 3, codes, clamp: RELU }))).toThrow(
      refusal('conv1.out'),
    );
    const norm = [1, 2, 3].map(() => [1, 0, 0, 2] as const);
    expect(open((b) => start(b).norm(norm).norm(norm).quant(uniform()))).toThrow(refusal('norm3'));
    const falling = { scale: [1, -1, 1], shift: [0, 0, 0] };
    const pooled = (b: GraphBuilder) =>
      start(b)
        .pool('maxpool', { kernel: [2, 2] })
        .affine(falling)
        .quant(uniform());
    expect(open(pooled)).toThrow(refusal('affine3'));
    expect(open((b) => b.quant(uniform({ lo: -256, hi: 255 })).dense({ channels: 2, codes }))).toThrow(
      refusal('quant0'),
    );
  });
});
