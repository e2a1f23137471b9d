import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantizeWeights } from '../../src/quant/weights.js';

const channelArbitrary = fc
  .array(
    fc.integer({ min: -2000, max: 2000 }).map((n) => n / 999),
    { minLength: 1, maxLength: 40 },
  )
  // A quarter of the channels has one weight far beyond the others.
  .chain((weights) => fc.tuple(fc.constant(weights), fc.integer({ min: 0, max: 3 })))
  .map(([weights, outlier]) => Float32Array.from(weights, (w, i) => (i === 0 && outlier === 0 ? w * 20 : w)));

const LIMITS = { 2: [-2, 1], 3: [-4, 3], 4: [-8, 7], 8: [-128, 127] } as const;

function squaredError(weights: Float32Array, scale: number, code: (w: number, i: number) => number): number {
  return weights.reduce((sum, w, i) => sum + (w - scale * code(w, i)) ** 2, 0);
}

describe('quantizeWeights', () => {
  it.each([2, 3, 4, 8] as const)('finds a scale as good as any of a dense scan, at %i bits', (bits) => {
    const [least, most] = LIMITS[bits];
    fc.assert(
      fc.property(channelArbitrary, (weights) => {
        const { codes, scales } = quantizeWeights(weights, 1, bits);
        const found = squaredError(weights, scales[0]!, (_, i) => codes[i]!);
        const largest = Math.max(...weights.map(Math.abs)) || 1;
        let best = squaredError(weights, 1, () => 0);
        for (let i = 1; i <= 1500; i++) {
          const scale = (largest * 2 * i) / 1500 / -least;
          best = Math.min(
            best,
            squaredError(weights, scale, (w) => Math.max(least, Math.min(most, Math.round(w / scale)))),
          );
        }
        // A thousandth: the row of scales has a finite pitch, and scales are float32.
        expect(found).toBeLessThanOrEqual(best * 1.001 + 1e-9 * largest ** 2);
      }),
      { numRuns: 200, seed: bits },
    );
  });

  it.each([1, 2, 3, 4, 8] as const)('keeps to the codes of %i bits and to positive float32 scales', (bits) => {
    fc.assert(
      fc.property(channelArbitrary, (weights) => {
        const { codes, scales } = quantizeWeights(weights, 1, bits);
        for (const code of codes) {
          if (bits === 1) expect(Math.abs(code)).toBe(1);
          else expect(code >= LIMITS[bits][0] && code <= LIMITS[bits][1]).toBe(true);
        }
        expect(scales[0]).toBeGreaterThan(0);
        expect(Math.fround(scales[0]!)).toBe(scales[0]);
      }),
      { numRuns: 100, seed: 9 },
    );
  });

  it('gives bipolar channels their signs and mean magnitude: |1| |-2| |3| -> 2', () => {
    const { codes, scales } = quantizeWeights(Float32Array.of(1, -2, 3), 1, 1);
    expect(Array.from(codes)).toEqual([1, -1, 1]);
    expect(scales).toEqual([2]);
  });

  it('finds weights that lie on a grid again', () => {
    const scale = Math.fround(0.3);
    const grid = [-4, -1, 0, 2, 3];
    const { codes, scales } = quantizeWeights(
      Float32Array.from(grid, (k) => k * scale),
      1,
      3,
    );
    expect(Array.from(codes)).toEqual(grid);
    expect(scales[0]).toBeCloseTo(scale, 6);
  });

  it('scales each channel by itself', () => {
    const { scales } = quantizeWeights(Float32Array.of(1, -1, 10, -10), 2, 1);
    expect(scales).toEqual([1, 10]);
  });

  it.each([1, 2, 8] as const)('makes next to nothing of a channel of zeros, at %i bits', (bits) => {
    const { codes, scales } = quantizeWeights(new Float32Array(5), 1, bits);
    expect(scales[0]).toBeGreaterThan(0);
    expect(scales[0]).toBeLessThan(2 ** -50);
    expect(Array.from(codes)).toEqual(new Array(5).fill(bits === 1 ? 1 : 0));
  });
});
