import { describe, expect, it } from 'vitest';
import { randomSource } from '../../src/base/random.js';
import { activationRange, inputRange } from '../../src/quant/activations.js';
import type { TensorStatistics } from '../../src/quant/tensor-statistics.js';

function statistics(values: readonly number[]): TensorStatistics {
  const data = Float32Array.from(values);
  return {
    min: data.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    max: data.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    integers: data.every(Number.isInteger),
    values: data,
  };
}

/** Sums of uniform numbers: near enough to a bell. */
function bell(count: number, seed: number): number[] {
  const random = randomSource(seed);
  return Array.from({ length: count }, () => random.uniform() + random.uniform() + random.uniform() - 1.5);
}

function squaredError(values: readonly number[], range: { scale: number; zero: number }, bits: number): number {
  return values.reduce((sum, x) => {
    const code = Math.min(2 ** bits - 1, Math.max(0, Math.round(x / range.scale) + range.zero));
    return sum + (x - range.scale * (code - range.zero)) ** 2;
  }, 0);
}

describe('activationRange', () => {
  const relu = bell(4000, 1).map((x) => Math.max(0, x));
  const signed = bell(4000, 2).map((x) => x + 0.4);

  it.each([1, 2, 3, 4, 8])('is nearly as good as every scale and zero of a dense scan, at %i bits', (bits) => {
    for (const values of [relu, signed, signed.map((x) => -x), [...relu, 50]]) {
      const found = squaredError(values, activationRange(statistics(values), bits), bits);
      let best = Number.POSITIVE_INFINITY;
      const largest = Math.max(...values.map(Math.abs));
      const zeros = Math.min(...values) < 0 ? [...new Array(2 ** Math.min(bits, 4)).keys()] : [0];
      for (const z of zeros) {
        const zero = bits > 4 ? z * 17 : z;
        for (let i = 1; i <= 100; i++) {
          const scale = (largest * 2 * i) / 100 / Math.max(1, 2 ** bits - 1);
          best = Math.min(best, squaredError(values, { scale, zero }, bits));
        }
      }
      expect(found).toBeLessThanOrEqual(best * 1.05);
    }
  });

  it.each([
    ['all positive', [3, 4, 5]],
    ['all negative', [-3, -4, -5]],
    ['one constant', [7]],
    ['zeros', [0, 0]],
    ['too small for float32', [1e-38, -1e-38]],
    ['huge', [3e38, -3e38]],
  ])('has an integer code of zero and a usable scale for values that are %s', (_, values) => {
    for (const range of [activationRange, inputRange]) {
      for (const bits of [1, 2, 8]) {
        const { scale, zero } = range(statistics(values), bits);
        expect(Number.isInteger(zero) && zero >= 0 && zero < 2 ** bits).toBe(true);
        expect(scale > 0 && Number.isFinite(scale) && Math.fround(scale) === scale).toBe(true);
      }
    }
  });

  it('reaches the ends of a range of few values', () => {
    expect(activationRange(statistics([0, 3]), 2)).toEqual({ scale: 1, zero: 0 });
    expect(activationRange(statistics([0, 0.5]), 1)).toEqual({ scale: 0.5, zero: 0 });
    expect(activationRange(statistics([-1, 0]), 1)).toEqual({ scale: 1, zero: 1 });
  });
});

describe('inputRange', () => {
  it('takes bytes as their own codes, even where no sample reaches 255', () => {
    expect(inputRange(statistics([0, 17, 255]), 8)).toEqual({ scale: 1, zero: 0 });
    expect(inputRange(statistics([3, 17]), 8)).toEqual({ scale: 1, zero: 0 });
  });

  it('scales bytes where there are fewer bits', () => {
    expect(inputRange(statistics([0, 17, 255]), 4)).toEqual({ scale: 17, zero: 0 });
  });

  it('takes signed bytes as their codes behind an offset', () => {
    expect(inputRange(statistics([-128, 5, 127]), 8)).toEqual({ scale: 1, zero: 128 });
  });

  it('keeps all of a range of fractions', () => {
    expect(inputRange(statistics([0, 0.5, 1]), 8)).toEqual({ scale: Math.fround(1 / 255), zero: 0 });
  });

  it('takes zeros and ones for the ends of a range of fractions', () => {
    expect(inputRange(statistics([0, 1]), 8).scale).toBe(Math.fround(1 / 255));
  });
});
