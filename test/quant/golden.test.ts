import { describe, expect, it } from 'vitest';
import { requantize, runGolden, shiftRight } from '../../src/quant/golden.js';
import type { Requantize } from '../../src/quant/network.js';
import { type ConvRecipe, NetworkBuilder } from '../support/network-builder.js';

/** Accumulators of one convolution over one map, as rows of the output. */
function accumulators(
  input: { height: number; width: number; channels: number; zero?: number },
  codes: readonly number[],
  recipe: ConvRecipe,
): number[] {
  const network = new NetworkBuilder(input).conv({ ...recipe, bits: null }).build();
  return Array.from(runGolden(network, codes).get(network.outputs[0]!.tensor)!);
}

const identity: Partial<Requantize> = { m: [1], b: [0n], n: [0] };

describe('convolution', () => {
  it('adds up 9 taps of 15 * 7 = 945', () => {
    const codes = new Array<number>(9).fill(15);
    const recipe = { kernel: [3, 3], channels: 1, weights: new Array<number>(9).fill(7) } as const;
    expect(accumulators({ height: 3, width: 3, channels: 1 }, codes, recipe)).toEqual([945]);
  });

  it('steps by the stride and skips by the dilation', () => {
    // 1 2 3 4 5
    // Taps two apart, weights 1 and 10, stride 2: 1 + 10*3 = 31, 3 + 10*5 = 53.
    const recipe = { kernel: [1, 2], strides: [1, 2], dilations: [1, 2], channels: 1, weights: [1, 10] } as const;
    expect(accumulators({ height: 1, width: 5, channels: 1 }, [1, 2, 3, 4, 5], recipe)).toEqual([31, 53]);
  });

  it('steps by the stride and skips by the dilation downwards', () => {
    const recipe = { kernel: [2, 1], strides: [2, 1], dilations: [2, 1], channels: 1, weights: [1, 10] } as const;
    expect(accumulators({ height: 5, width: 1, channels: 1 }, [1, 2, 3, 4, 5], recipe)).toEqual([31, 53]);
  });

  it('pads each side by itself, top 1, left 0, bottom 0, right 2', () => {
    // 0 0 0 0     weights 1 2    row 0: 3*1 + 4*2 = 11, 3*2 = 6, 0
    // 1 2 0 0             3 4    row 1: 1 + 2*2 + 3*3 + 4*4 = 30, 2 + 3*4 = 14, 0
    // 3 4 0 0
    const recipe = { kernel: [2, 2], pads: [1, 0, 0, 2], channels: 1, weights: [1, 2, 3, 4] } as const;
    expect(accumulators({ height: 2, width: 2, channels: 1 }, [1, 2, 3, 4], recipe)).toEqual([11, 6, 0, 30, 14, 0]);
  });

  it('lets padded taps contribute the code of zero', () => {
    // Zero is code 5: left of the map 5*2, right of it 5*3.  5*2 + 7*3 = 31, 7*2 + 5*3 = 29
    const recipe = { kernel: [1, 2], pads: [0, 1, 0, 1], channels: 1, weights: [2, 3] } as const;
    expect(accumulators({ height: 1, width: 1, channels: 1, zero: 5 }, [7], recipe)).toEqual([31, 29]);
  });

  it('keeps channels innermost, of the map and of the weights', () => {
    // Pixels (1, 2) and (3, 4); channel 0 weighs (1, 10 | 100, 125), channel 1 (-1, 0 | 0, 2).
    // 1 + 20 + 300 + 500 = 821; -1 + 8 = 7
    const recipe = { kernel: [1, 2], channels: 2, weights: [1, 10, 100, 125, -1, 0, 0, 2] } as const;
    expect(accumulators({ height: 1, width: 2, channels: 2 }, [1, 2, 3, 4], recipe)).toEqual([821, 7]);
  });

  it('gives each channel its own taps where it is depthwise', () => {
    // Channel 0: 1*1 + 2*3 = 7; channel 1: -1*2 + 3*4 = 10
    const recipe = { kernel: [1, 2], channels: 2, depthwise: true, weights: [1, 2, -1, 3] } as const;
    expect(accumulators({ height: 1, width: 2, channels: 2 }, [1, 2, 3, 4], recipe)).toEqual([7, 10]);
  });

  it('is a dense layer where the kernel is the whole map', () => {
    // 1*1 - 2*2 + 3*3 - 4*4 = -10
    const recipe = { kernel: [2, 2], channels: 1, weights: [1, -2, 3, -4] } as const;
    expect(accumulators({ height: 2, width: 2, channels: 1 }, [1, 2, 3, 4], recipe)).toEqual([-10]);
  });

  it('adds bipolar weights up as plus and minus', () => {
    const recipe = { kernel: [1, 3], channels: 1, weightBits: 1, weights: [1, -1, 1] } as const;
    expect(accumulators({ height: 1, width: 3, channels: 1 }, [200, 100, 3], recipe)).toEqual([103]);
  });
});

describe('max pooling', () => {
  it('ignores taps outside the map, whatever the code of zero is', () => {
    const network = new NetworkBuilder({ height: 1, width: 3, channels: 1, zero: 200 })
      .maxpool({ kernel: [1, 2], strides: [1, 2], pads: [0, 1, 0, 0] })
      .build();
    // Windows: outside and 4; 7 and 5.
    expect(Array.from(runGolden(network, [4, 7, 5]).get('pool0.out')!)).toEqual([4, 7]);
  });

  it('takes each channel by itself, with dilation', () => {
    const network = new NetworkBuilder({ height: 1, width: 3, channels: 2 })
      .maxpool({ kernel: [1, 2], dilations: [1, 2] })
      .build();
    expect(Array.from(runGolden(network, [1, 9, 8, 8, 3, 2]).get('pool0.out')!)).toEqual([3, 9]);
  });
});

describe('requantization', () => {
  function codeOf(acc: number, changes: Partial<Requantize>, res = 0): number {
    const q = { m: [1], b: [0n], n: [0], round: 'floor', lo: 0, hi: 255, residual: null, ...changes } as const;
    return requantize(acc, res, q, 0);
  }

  it('multiplies, adds and shifts: (945*5 + 3) / 2^4 = 295.5 rounds down to 295, clamped to 255', () => {
    expect(codeOf(945, { m: [5], b: [3n], n: [4], hi: 1023 })).toBe(295);
    expect(codeOf(945, { m: [5], b: [3n], n: [4] })).toBe(255);
  });

  it('clamps at both limits, which need not be those of the bits', () => {
    expect([-7, 3, 9].map((acc) => codeOf(acc, { lo: 2, hi: 6 }))).toEqual([2, 3, 6]);
  });

  it('rounds floor downwards, also below zero', () => {
    // -5/4 = -1.25 -> -2; with b = 8: 3/4 -> 0
    expect(shiftRight(-5n, 2, 'floor')).toBe(-2n);
    expect(codeOf(-5, { b: [8n], n: [2] })).toBe(0);
  });

  it('rounds to nearest with ties to even, also below zero', () => {
    // /4:  -7 -6 -5 -4 -3 -2 -1  0  1  2  3  4  5  6  7
    const halves = Array.from({ length: 15 }, (_, i) => Number(shiftRight(BigInt(i - 7), 2, 'nearest-even')));
    expect(halves).toEqual([-2, -2, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2]);
  });

  it('agrees between floor and nearest where nothing is shifted out', () => {
    expect(shiftRight(-3n, 0, 'nearest-even')).toBe(-3n);
    expect(shiftRight(-8n, 2, 'nearest-even')).toBe(-2n);
  });

  it('adds the residual with its own multiplier', () => {
    // (10*3 + 20*5 + 2) / 4 = 33
    expect(codeOf(10, { m: [3], b: [2n], n: [2], residual: { tensor: 'r', m: [5] } }, 20)).toBe(33);
  });

  it('takes negative multipliers and constants beyond 53 bits', () => {
    // (-3*10 + 100) = 70; 2^60 + 2^53 over 2^53 = 129
    expect(codeOf(10, { m: [-3], b: [100n] })).toBe(70);
    expect(codeOf(1, { m: [2 ** 53], b: [2n ** 60n], n: [53] })).toBe(129);
  });
});

describe('a table', () => {
  it('stands behind the clamp and gives the code', () => {
    const table = Uint16Array.of(9, 8, 700, 6);
    const q = { m: [1], b: [0n], n: [0], round: 'floor', lo: 1, hi: 3, residual: null, table } as const;
    expect([-5, 0, 1, 2, 3, 4].map((acc) => requantize(acc, 0, q, 0))).toEqual([8, 8, 8, 700, 6, 6]);
  });
});

describe('products', () => {
  const raw = { m: [1, 1], b: [100n, 100n], n: [0, 0] } as const;

  it('multiply codes less their zeros, element by element', () => {
    const network = new NetworkBuilder({ height: 1, width: 2, channels: 2, zero: 3 })
      .input({ height: 1, width: 2, channels: 2, zero: 10 })
      .mul({ inputs: ['input', 'input1'], requantize: raw })
      .build();
    // (5-3)*(12-10), (0-3)*(9-10), (3-3)*(0-10), (8-3)*(5-10), 100 more each
    expect([...runGolden(network, [5, 0, 3, 8, 12, 9, 0, 5]).get('mul0.out')!]).toEqual([104, 103, 100, 75]);
  });

  it('with one pixel multiply every pixel by its channels', () => {
    const network = new NetworkBuilder({ height: 1, width: 2, channels: 2 })
      .input({ height: 1, width: 1, channels: 2, zero: 1 })
      .mul({ inputs: ['input', 'input1'], requantize: raw })
      .build();
    expect([...runGolden(network, [1, 2, 3, 4, 3, 0]).get('mul0.out')!]).toEqual([102, 98, 106, 96]);
  });
});

describe('arranged maps', () => {
  const whole = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };

  it('hold each part at its place, and the fill elsewhere', () => {
    const network = new NetworkBuilder({ height: 2, width: 2, channels: 1 })
      .input({ height: 1, width: 3, channels: 2 })
      .arrange({
        parts: [
          // 1 2   in the lower left corner, columns two apart
          // 3 4
          { input: 'input', from: whole, to: { ...whole, y: 1, xStep: 2 }, size: [2, 2, 1] },
          // Second channel of every second pixel, on top
          { input: 'input1', from: { ...whole, c: 1, xStep: 2 }, to: { ...whole, x: 1 }, size: [1, 2, 1] },
        ],
        ...{ height: 3, width: 3, channels: 1, fill: 77 },
      })
      .build();
    const values = runGolden(network, [1, 2, 3, 4, 10, 11, 20, 21, 30, 31]);
    expect([...values.get('arrange0.out')!]).toEqual([77, 11, 31, 1, 77, 2, 3, 77, 4]);
  });

  it('step through channels on both sides', () => {
    const shuffled = new NetworkBuilder({ height: 1, width: 1, channels: 4 })
      .arrange({
        parts: [
          { input: 'input', from: whole, to: { ...whole, cStep: 2 }, size: [1, 1, 2] },
          { input: 'input', from: { ...whole, c: 2 }, to: { ...whole, c: 1, cStep: 2 }, size: [1, 1, 2] },
        ],
        ...{ height: 1, width: 1, channels: 4 },
      })
      .build();
    expect([...runGolden(shuffled, [1, 2, 3, 4]).get('arrange0.out')!]).toEqual([1, 3, 2, 4]);
  });
});

describe('a residual of one pixel', () => {
  it('is added to every pixel', () => {
    const network = new NetworkBuilder({ height: 1, width: 2, channels: 2 })
      .input({ height: 1, width: 1, channels: 2 })
      .conv({
        ...{ kernel: [1, 1], channels: 2, depthwise: true, weights: [1, 1], input: 'input', residual: 'input1' },
        requantize: { m: [1, 1], b: [0n, 0n], n: [0, 0], residual: { tensor: 'input1', m: [1, 2] } },
      })
      .build();
    expect([...runGolden(network, [1, 2, 3, 4, 10, 20]).get('conv0.out')!]).toEqual([11, 42, 13, 44]);
  });
});

describe('a network', () => {
  it('adds a residual of any earlier tensor, element by element', () => {
    const network = new NetworkBuilder({ height: 1, width: 2, channels: 1 })
      .conv({ kernel: [1, 1], channels: 1, weights: [2], requantize: identity })
      .conv({
        kernel: [1, 1],
        channels: 1,
        weights: [-1],
        residual: 'input',
        requantize: { m: [1], b: [50n], n: [0], residual: { tensor: 'input', m: [3] } },
      })
      .build();
    // -2*4 + 3*4 + 50 = 54; -2*10 + 3*10 + 50 = 60
    expect(Array.from(runGolden(network, [4, 10]).get('conv1.out')!)).toEqual([54, 60]);
  });

  it('uses one set of constants a channel', () => {
    const network = new NetworkBuilder({ height: 1, width: 1, channels: 1 })
      .conv({
        kernel: [1, 1],
        channels: 2,
        weights: [1, 1],
        requantize: { m: [1, 2], b: [0n, 7n], n: [0, 1] },
      })
      .build();
    // 9; (18 + 7) / 2 = 12
    expect(Array.from(runGolden(network, [9]).get('conv0.out')!)).toEqual([9, 12]);
  });

  it('gives every tensor by name, the raw accumulators of its last layer among them', () => {
    const network = new NetworkBuilder({ height: 1, width: 1, channels: 1 })
      .conv({ kernel: [1, 1], channels: 1, weights: [1], requantize: identity })
      .conv({ kernel: [1, 1], channels: 1, weights: [-100], bits: null })
      .build();
    const values = runGolden(network, [9]);
    expect([...values].map(([name, data]) => [name, Array.from(data)])).toEqual([
      ['input', [9]],
      ['conv0.out', [9]],
      ['conv1.out', [-900]],
    ]);
  });
});
