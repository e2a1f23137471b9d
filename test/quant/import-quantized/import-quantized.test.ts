import { describe, expect, it } from 'vitest';
import type { Rounding } from '../../../src/frontend/graph.js';
import { networkFromBytes, networkToBytes } from '../../../src/quant/serialize.js';
import { GraphBuilder, RELU, uniform } from '../../support/graph-builder.js';
import { keeps } from '../../support/host-chain.js';
import { exactly, imported, SAME } from './same-codes.js';

const ROUNDINGS: readonly Rounding[] = [
  'half-even',
  'half-up',
  'half-down',
  'half-away',
  'half-to-zero',
  'floor',
  'ceil',
];
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
    expect(open((b) => b.quant(uniform({ lo: -40000, hi: 40000 })).dense({ channels: 2, codes }))).toThrow(
      refusal('quant0'),
    );
  });
});
