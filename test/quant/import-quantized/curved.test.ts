/** Thresholds, functions between a sum and its quantizer, and what stands behind a pool, against exact arithmetic. */
import { describe, expect, it } from 'vitest';
import { randomSource } from '../../../src/base/random.js';
import type { PointwiseFunction, PointwiseNode } from '../../../src/frontend/graph.js';
import { runGolden } from '../../../src/quant/golden.js';
import type { IntegerNetwork } from '../../../src/quant/network.js';
import { GraphBuilder, RELU, uniform } from '../../support/graph-builder.js';
import { exactly, expectSameCodes, imported, SAME } from './same-codes.js';

const FALLING = { scale: [1, -0.5, 2], shift: [0, 1, -1] };

const pointwise = (fn: PointwiseFunction, input: string, more: Partial<PointwiseNode> = {}) =>
  ({ kind: 'pointwise', input, fn, alpha: 0, beta: 0, ...more }) as const;

const thresholds = (rows: readonly (readonly number[])[], scale = 1, bias = 0) =>
  ({ kind: 'thresholds', thresholds: rows.map((row) => Float32Array.from(row)), scale, bias }) as const;

const kindsOf = (network: IntegerNetwork): string[] =>
  network.layers.map((layer) => (layer.kind === 'conv' && layer.requantize?.table ? 'table' : layer.kind));

function exact(build: (b: GraphBuilder) => GraphBuilder, shape?: readonly number[]): IntegerNetwork {
  return exactly(build, shape);
}

/** Sums of few values: 3 channels of 5x5, between -28 and 28 quarters. */
function sums(b: GraphBuilder, bits = 2): GraphBuilder {
  return b
    .quant(uniform({ scale: 0.5, lo: -4, hi: 3 }))
    .conv({ kernel: [1, 1], channels: 3, codes: { bits, scale: [0.5] } });
}

describe('importQuantized with thresholds', () => {
  it('takes even ones as a quantizer that rounds down, a row of each channel too', () => {
    const network = exact((b) =>
      sums(b, 4)
        .quant(
          thresholds(
            [
              [-1, -0.5, 0, 0.5, 1],
              [0, 2, 4, 6, 8],
              [-2, -1.875, -1.75, -1.625, -1.5],
            ],
            0.5,
            -1,
          ),
        )
        .conv({ ...SAME, channels: 2, codes: { bits: 2 } })
        .quant(thresholds([[0]], 2, -1))
        .dense({ channels: 2, codes: { bits: 2 } }),
    );
    expect(kindsOf(network)).toEqual(['conv', 'conv', 'conv']);
    expect(network.tensors['quant2.out']).toMatchObject({ zero: 2, scale: 0.5 });
  });

  it('takes them behind a residual add and behind pools', () => {
    exact((b) => {
      sums(b, 4).quant(thresholds([[-3, -2, -1, 0, 1, 2, 3]], 0.5, -1.5));
      const first = b.last;
      return b
        .conv({ ...SAME, channels: 3, codes: { bits: 3 } })
        .add(first)
        .quant(thresholds([[-4, 0, 4]]))
        .conv({ ...SAME, channels: 3, codes: { bits: 3 } })
        .pool('maxpool', { kernel: [2, 2] })
        .quant(thresholds([[-4, 0, 4]]));
    });
  });

  it('finds a line for those that are not even where there is one', () => {
    const network = exact((b) => sums(b).quant(thresholds([[-1.5, -0.7, 0.3, 1.1]])));
    expect(kindsOf(network)).toEqual(['conv']);
  });

  it('looks uneven ones up where the sums are few, and counts 0/1 channels where they are many', () => {
    const uneven = [
      [-1, -0.5, 0, 3],
      [-2.5, 0, 0.25, 0.5],
      [0, 0, 2, Number.POSITIVE_INFINITY],
    ];
    const few = exact((b) => sums(b).quant(thresholds(uneven)));
    expect(kindsOf(few)[0]).toBe('table');
    const many = exact((b) =>
      b
        .quant(uniform({ scale: 0.5 }))
        .conv({ ...SAME, channels: 3, codes: { bits: 8, scale: [0.5] } })
        .norm([
          [1, 0, 0, 4],
          [-2, 0.25, 0, 64],
          [0.5, -0.5, 1, 16],
        ])
        .quant(
          thresholds(
            uneven.map((row) => row.map((t) => 20 * t)),
            1,
            -1,
          ),
        ),
    );
    expect(many.layers[0]).toMatchObject({ kind: 'conv', requantize: { hi: 1 } });
    expect(kindsOf(many)).toHaveLength(2);
  });

  it('counts many of them too where a table would be codes off', () => {
    const random = randomSource(3);
    const row = (): number[] => Array.from({ length: 40 }, () => random.integer(-4000, 4000) / 8).sort((a, b) => a - b);
    const network = exact(
      (b) =>
        b
          .quant(uniform({ scale: 0.5 }))
          .conv({ ...SAME, channels: 3, codes: { bits: 8, scale: [0.5] } })
          .quant(thresholds([row(), row(), row()])),
      [1, 2, 3, 3],
    );
    expect(network.tensors['quant2.out.steps']).toMatchObject({ channels: 120, bits: 1 });
  });

  it('counts behind a pool, the channels that fall in front of it too', () => {
    exact((b) =>
      b
        .quant(uniform({ scale: 0.5 }))
        .conv({ ...SAME, channels: 3, codes: { bits: 8, scale: [0.5] } })
        .affine({ scale: [1, -0.5, 2], shift: [0, 1, -1] })
        .pool('maxpool', { kernel: [2, 2] })
        .quant(thresholds([[-90, -80, 3, 4]])),
    );
  });
});

describe('importQuantized with a function between a sum and its quantizer', () => {
  it.each<[PointwiseFunction, Partial<PointwiseNode>]>([
    ['leakyrelu', { alpha: 0.25 }],
    ['sigmoid', {}],
    ['hardswish', {}],
    ['abs', {}],
    ['tanh', {}],
    ['prelu', { slopes: Float32Array.of(0.5, -1, 0.25) }],
  ])('has an entry for every sum of %s where they are few', (fn, more) => {
    const network = exact((b) => {
      sums(b);
      return b.node(pointwise(fn, b.last, more)).quant(uniform({ scale: 1 / 64 }));
    });
    expect(kindsOf(network)).toEqual(['table']);
  });

  it('counts the sums that an index of the table takes together wrongly, and by how many codes', () => {
    const graph = new GraphBuilder([1, 3, 5, 5], 3)
      .quant(uniform({ scale: 0.125 }))
      .conv({ ...SAME, channels: 3, codes: { bits: 8, scale: [1 / 256] } })
      .node(pointwise('sigmoid', 'conv1.out'))
      .quant(uniform({ scale: 1 / 256, lo: 0, hi: 255 }))
      .build();
    const network = imported(graph);
    const [layer] = network.layers;
    expect(layer!.exactness).toMatchObject({ kind: 'approximate', maxCodes: 1 });
  });

  it('pools indices of the table, and looks up behind the pool', () => {
    const network = exact((b) => {
      sums(b).pool('maxpool', { kernel: [2, 2], strides: [2, 2] });
      return b.node(pointwise('hardswish', b.last)).quant(uniform({ scale: 1 / 16 }));
    });
    expect(kindsOf(network)).toEqual(['conv', 'maxpool', 'table']);
  });

  it('takes a function behind a residual add where the sums fit 16 bits', () => {
    exact((b) => {
      sums(b).quant(uniform({ scale: 1, lo: -4, hi: 3 }));
      const first = b.last;
      sums(b.quant(uniform({ scale: 2, lo: -2, hi: 1 }))).add(first);
      return b.node(pointwise('leakyrelu', b.last, { alpha: 0.125 })).quant(uniform({ scale: 1 / 16 }));
    });
  });
});

describe('importQuantized behind pools and norms', () => {
  it('turns channels round whose scale is negative behind a max pool', () => {
    const network = exact((b) =>
      sums(b, 4)
        .pool('maxpool', { kernel: [2, 2] })
        .affine(FALLING)
        .quant(uniform({ scale: 0.5, zero: 3 }))
        .pool('maxpool', { kernel: [2, 2] })
        .affine({ ...FALLING, clamp: RELU })
        .quant(uniform({ scale: 1, lo: 0, hi: 15, round: 'half-up' })),
    );
    expect(kindsOf(network)).toEqual(['conv', 'maxpool', 'conv', 'maxpool', 'conv']);
  });

  it('clamps each channel where its own relu in front of a batch norm does', () => {
    const network = exact((b) =>
      sums(b, 4)
        .affine({ scale: [1, 1, 1], shift: [0, 0, 0], clamp: { min: 0, max: 6 } })
        .norm([
          [1, 0.5, 0, 4],
          [-2, 0.25, 0, 0.25],
          [0.5, -1.5, 1, 16],
        ])
        .quant(uniform({ scale: 0.125, zero: 5 })),
    );
    expect(network.layers).toHaveLength(4);
  });

  it('keeps ties to even of a slope that is no power of two: averages of six on one grid', () => {
    const network = exact((b) =>
      b
        .quant(uniform({ scale: 0.5, zero: 3 }))
        .pool('averagepool', { kernel: [2, 3] })
        .quant(uniform({ scale: 0.5, zero: 3 })),
    );
    expect(network.layers.map((layer) => layer.kind === 'conv' && layer.requantize?.residual?.tensor)).toEqual([
      ...[undefined, 'quant2.out.half'],
    ]);
  });

  it('takes two batch norms in front of one quantizer', () => {
    const norm = [1, 2, 3].map((v) => [v, 0.5, -0.25, 2 * v] as const);
    const graph = sums(new GraphBuilder([1, 3, 5, 5], 3), 4)
      .norm(norm)
      .norm(norm.map(([g, b, m, v]) => [-g, b, m, v + 1] as const))
      .quant(uniform({ scale: 0.5 }))
      .build();
    const network = imported(graph);
    expect(network.layers[0]!.exactness).toEqual({ kind: 'exact-in-range' });
    expectSameCodes(graph, network);
  });

  it('refuses a residual behind a batch norm in front of a function, and takes one in front of both', () => {
    const around = (build: (b: GraphBuilder, first: string) => GraphBuilder) => {
      const b = sums(new GraphBuilder([1, 3, 5, 5], 3), 4).quant(uniform({ scale: 0.5, lo: -4, hi: 3 }));
      const first = b.last;
      b.conv({ kernel: [1, 1], channels: 3, codes: { bits: 3, scale: [0.5] } });
      return build(b, first)
        .quant(thresholds([[-2, -0.5, 0.25, 3]]))
        .build();
    };
    const norm = [1, 2, 3].map((v) => [v, 0.5, -0.25, 2] as const);
    // The root of 2 has no unit in common with the residual's scale.
    expect(() => imported(around((b, first) => b.norm(norm).add(first)))).toThrow(
      expect.objectContaining({ code: 'network-unsupported' }),
    );
    const graph = around((b, first) => b.add(first).norm(norm));
    expectSameCodes(graph, imported(graph));
  });

  it('takes two batch norms in front of thresholds, and does not say that every sum was tried', () => {
    const norm = [1, 2, 3].map((v) => [v, 0.5, -0.25, 2 * v] as const);
    const graph = sums(new GraphBuilder([1, 3, 5, 5], 3), 4)
      .norm(norm)
      .norm(norm.map(([g, b, m, v]) => [-g, b, m, v + 1] as const))
      .quant(thresholds([[-2, -0.5, 0.25, 3]]))
      .build();
    const network = imported(graph);
    expect(network.layers.map(({ exactness }) => exactness.kind)).not.toContain('exact');
    expectSameCodes(graph, network);
  });
});

describe('importQuantized with zero points of all kinds', () => {
  it('pads tensors whose zero lies between two of many codes', () => {
    exact((b) =>
      b
        .quant(uniform({ scale: 0.5, zero: 2.5, zeroInside: true, lo: 0, hi: 15 }))
        .conv({ ...SAME, channels: 3, codes: { bits: 3, scale: [0.5] } })
        .quant(uniform({ scale: 1, zero: 3.25, zeroInside: true, lo: 0, hi: 15 }))
        .conv({ ...SAME, channels: 2, codes: { bits: 3, scale: [0.5] } }),
    );
  });

  it('pads tensors whose codes all lie below zero', () => {
    exact((b) =>
      b
        .quant(uniform({ scale: 0.5, lo: -8, hi: 7 }))
        .quant(uniform({ scale: 0.25, lo: -12, hi: -10 }))
        .pool('averagepool', SAME)
        .quant(uniform({ scale: 0.3125, zero: 10, round: 'half-away' })),
    );
  });

  it('puts channels with zero points of their own onto one grid', () => {
    const zeros = { zero: Float32Array.of(-3, 0, 5) };
    exact((b) =>
      b
        .quant({ ...uniform({ scale: 0.5, lo: -8, hi: 7 }), ...zeros })
        .conv({ ...SAME, channels: 3, codes: { bits: 3, scale: [0.5] } })
        .quant({ ...uniform({ scale: 1, lo: -8, hi: 7 }), ...zeros })
        .conv({ ...SAME, channels: 2, codes: { bits: 3, scale: [0.5] } }),
    );
  });

  it('moves scales of single channels into the weights that follow where they are multiples of one', () => {
    exact((b) =>
      b
        .quant({ kind: 'bipolar', scale: 1 })
        .affine({ scale: [0.5, 0.75, 2], shift: [0, 0, 0] })
        .conv({ ...SAME, channels: 4, codes: { bits: 1 } })
        .quant(uniform({ scale: 0.5 })),
    );
  });

  it('takes inputs of 12 and 16 bits', () => {
    for (const hi of [2047, 32767]) {
      const network = exact((b) =>
        b
          .quant(uniform({ scale: 1 / 128, lo: -hi - 1, hi }))
          .conv({ ...SAME, channels: 2, codes: { bits: 4 } })
          .quant(uniform({ scale: 1 })),
      );
      expect(network.tensors['quant0.out']!.bits).toBe(Math.log2(hi + 1) + 1);
      expect(runGolden(network, new Uint16Array(75)).size).toBe(2);
    }
  });
});
