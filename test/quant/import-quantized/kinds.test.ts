/** Node kinds and quantizers beyond convolutions and pools, against exact arithmetic. */
import { describe, expect, it } from 'vitest';
import type { ArrangePart, MapGrid, PointwiseFunction, PointwiseNode } from '../../../src/frontend/graph.js';
import { type GraphBuilder, RELU, uniform } from '../../support/graph-builder.js';
import { exactly, SAME } from './same-codes.js';

const OPEN = { min: null, max: null };
const ORIGIN: MapGrid = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };

const pointwise = (fn: PointwiseFunction, input: string, more: Partial<PointwiseNode> = {}) =>
  ({ kind: 'pointwise', input, fn, alpha: 0, beta: 0, ...more }) as const;

function part(
  input: string,
  to: Partial<MapGrid>,
  size: ArrangePart['size'],
  from: Partial<MapGrid> = {},
): ArrangePart {
  return { input, from: { ...ORIGIN, ...from }, to: { ...ORIGIN, ...to }, size };
}

/** A map of 3 channels of 5x5 on a grid of its own, from the graph's input. */
function coded(b: GraphBuilder, scale: number, zero: number): string {
  b.quant(uniform({ scale, zero }), 'input');
  return b.last;
}

describe('importQuantized with the newer kinds', () => {
  it.each<[PointwiseFunction, Partial<PointwiseNode>]>([
    ['leakyrelu', { alpha: 0.125 }],
    ['prelu', { slopes: Float32Array.of(0.25, 0.25, 0.25) }],
    ['hardsigmoid', { alpha: 0.25, beta: 0.5 }],
    ['abs', {}],
    ['sign', {}],
    ['sigmoid', {}],
    ['tanh', {}],
    ['hardswish', {}],
    ['gelu', {}],
    ['mish', {}],
    ['silu', { alpha: 1 }],
    ['softplus', {}],
    ['elu', { alpha: 1 }],
  ])('looks up %s of codes, an entry for each of them', (fn, more) => {
    const network = exactly((b) => {
      b.quant(uniform({ scale: 0.125, zero: 3 }));
      b.node(pointwise(fn, b.last, more)).quant(uniform({ scale: 1 / 64, zero: -5 }));
      return b.conv({ ...SAME, channels: 2, codes: { bits: 4 } }).quant(uniform({ scale: 1 }));
    });
    expect(network.layers.map((layer) => layer.kind)).toEqual(['conv', 'conv']);
    if (fn !== 'sign' && fn !== 'hardsigmoid')
      expect(network.layers[0]).toMatchObject({ requantize: { table: expect.any(Uint16Array) } });
  });

  it('keeps functions of single channels in one table, as far as it has room', () => {
    const slopes = Float32Array.of(0.25, -0.5, 2);
    exactly((b) => {
      b.quant(uniform({ scale: 0.125, zero: 3 }));
      return b.node(pointwise('prelu', b.last, { slopes })).quant(uniform({ scale: 1 / 16 }));
    });
  });

  it('adds what is above zero to what is below where the functions of single channels need more than a table', () => {
    const slopes = Float32Array.of(0.25, -0.5, 2, 0.125, 0, 0.75);
    const network = exactly(
      (b) => {
        b.quant(uniform({ scale: 0.125, zero: 3 }));
        return b
          .node(pointwise('prelu', b.last, { slopes }))
          .quant(uniform({ scale: 0.0625 }))
          .conv({ ...SAME, channels: 2, codes: { bits: 4 } });
      },
      [1, 6, 3, 3],
    );
    expect(network.layers.map((layer) => layer.kind === 'conv' && layer.requantize?.residual?.tensor)).toEqual([
      ...[undefined, undefined, 'pointwise1.out.below', undefined],
    ]);
  });

  it('multiplies tensors of one shape, and maps by a pixel of each channel', () => {
    const network = exactly((b) => {
      const a = coded(b, 0.5, 3);
      b.conv({ ...SAME, channels: 3, codes: { bits: 4 } }).quant(uniform({ scale: 8, zero: -7 }));
      const other = b.last;
      return b
        .node({ kind: 'mul', inputs: [a, a], clamp: RELU })
        .quant(uniform({ scale: 2 }))
        .node({ kind: 'mul', inputs: ['quant4.out', other], clamp: OPEN })
        .quant(uniform({ scale: 4 }));
    });
    expect(network.layers.map((layer) => layer.kind)).toEqual(['conv', 'mul', 'mul']);
  });

  it('multiplies by one pixel, whichever operand it is', () => {
    for (const turned of [false, true]) {
      exactly((b) => {
        const map = coded(b, 0.5, 3);
        b.pool('averagepool', { kernel: [5, 5] }).quant(uniform({ scale: 0.25, zero: 1 }));
        const inputs = [map, b.last] as const;
        return b
          .node({ kind: 'mul', inputs, clamp: OPEN }, [1, 3, 5, 5])
          .quant(uniform({ scale: 1 }))
          .node({ kind: 'add', inputs: [b.last, inputs[1]], sign: turned ? -1 : 1, clamp: OPEN }, [1, 3, 5, 5])
          .quant(uniform({ scale: 1 }));
      });
    }
  });

  it('subtracts: codes from codes, codes from sums, sums from codes', () => {
    exactly((b) => {
      const first = coded(b, 0.5, 3);
      b.conv({ ...SAME, channels: 3, codes: { bits: 4, scale: [0.25] } });
      b.node({ kind: 'add', inputs: [b.last, first], sign: -1, clamp: OPEN }).quant(uniform({ scale: 1, zero: 9 }));
      const second = b.last;
      b.conv({ ...SAME, channels: 3, codes: { bits: 4, scale: [0.25] } });
      b.node({ kind: 'add', inputs: [second, b.last], sign: -1, clamp: RELU }).quant(uniform({ scale: 2 }));
      b.node({ kind: 'add', inputs: [b.last, second], sign: -1, clamp: OPEN }).quant(uniform({ scale: 0.5 }));
      return b.node({ kind: 'add', inputs: [b.last, second], clamp: OPEN }).quant(uniform({ scale: 0.5 }));
    });
  });

  it('arranges codes of one grid, puts others onto it, and fills what is left with the code of its value', () => {
    const network = exactly((b) => {
      const first = coded(b, 0.5, 3);
      b.conv({ ...SAME, channels: 3, codes: { bits: 4, scale: [0.25] } }).quant(uniform({ scale: 1, zero: 7 }));
      const second = b.last;
      const parts = [part(first, { y: 1, x: 1 }, [5, 5, 3]), part(second, { y: 1, x: 1, c: 3 }, [5, 5, 3])];
      b.node({ kind: 'arrange', parts, fill: 2 }, [1, 6, 7, 7]).quant(uniform({ scale: 1, zero: 7 }));
      return b.conv({ ...SAME, channels: 4, codes: { bits: 4 } }).quant(uniform({ scale: 8 }));
    });
    const arranged = network.layers.find((layer) => layer.kind === 'arrange')!;
    const { zero } = network.tensors['quant4.out']!;
    expect(arranged).toMatchObject({ output: 'quant4.out', fill: zero + 2 });
  });

  it('takes what is done to an arranged map to its parts: batch norm, relu, a function, the quantizer', () => {
    exactly((b) => {
      const first = coded(b, 0.5, 3);
      b.conv({ ...SAME, channels: 2, codes: { bits: 4, scale: [0.25] } });
      const parts = [part(first, {}, [5, 5, 3]), part(b.last, { c: 3 }, [5, 5, 2])];
      return b
        .node({ kind: 'arrange', parts, fill: 0 }, [1, 5, 5, 5])
        .affine({ scale: [1, 0.5, 2, 0.25, -1], shift: [0, 1, 0, -1, 0.5], clamp: RELU })
        .quant(uniform({ scale: 0.5, lo: 0, hi: 255 }))
        .dense({ channels: 3, codes: { bits: 4 } });
    });
  });

  it('shuffles, crops and doubles pixels without a quantizer behind', () => {
    exactly((b) => {
      const map = coded(b, 0.5, 3);
      const parts = [0, 1].flatMap((y) => [0, 1].map((x) => part(map, { y, x, yStep: 2, xStep: 2 }, [5, 5, 3])));
      b.node({ kind: 'arrange', parts, fill: 0 }, [1, 3, 10, 10]);
      const crop = part(b.last, {}, [7, 7, 2], { y: 1, x: 2, c: 0, cStep: 2 });
      return b
        .node({ kind: 'arrange', parts: [crop], fill: 0 }, [1, 2, 7, 7])
        .conv({ ...SAME, channels: 2, codes: { bits: 4 } })
        .quant(uniform({ scale: 2 }));
    });
  });

  it('averages at the border over the taps inside the map alone', () => {
    exactly((b) => {
      const input = coded(b, 0.5, 3);
      const window = { kernel: [3, 3], strides: [2, 1], dilations: [1, 1], pads: [1, 1, 1, 1] } as const;
      return b
        .node({ kind: 'averagepool', input, ...window, border: 'excluded', clamp: OPEN }, [1, 3, 3, 5])
        .quant(uniform({ scale: 0.25, zero: -3 }))
        .dense({ channels: 2, codes: { bits: 4 } });
    });
  });
});
