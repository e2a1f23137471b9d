import { describe, expect, it } from 'vitest';
import { openFloatModel } from '../../src/frontend/float-model.js';
import type { Graph, Quantizer, Rounding, UniformQuantizer } from '../../src/frontend/graph.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import { linearQuantizer, quantizedValue, rounded } from '../../src/frontend/quantizer.js';

/** By hand: where each rounding takes the values of VALUES. */
const VALUES = [-2.5, -1.75, -1.5, -1.25, -0.5, -0.25, 0, 0.25, 0.5, 1.25, 1.5, 1.75, 2.5];
const ROUNDED: Readonly<Record<Rounding, readonly number[]>> = {
  'half-even': [-2, -2, -2, -1, 0, 0, 0, 0, 0, 1, 2, 2, 2],
  'half-up': [-2, -2, -1, -1, 0, 0, 0, 0, 1, 1, 2, 2, 3],
  'half-down': [-3, -2, -2, -1, -1, 0, 0, 0, 0, 1, 1, 2, 2],
  'half-away': [-3, -2, -2, -1, -1, 0, 0, 0, 1, 1, 2, 2, 3],
  'half-to-zero': [-2, -2, -1, -1, 0, 0, 0, 0, 0, 1, 1, 2, 2],
  floor: [-3, -2, -2, -2, -1, -1, 0, 0, 0, 1, 1, 1, 2],
  ceil: [-2, -1, -1, -1, 0, 0, 0, 1, 1, 2, 2, 2, 3],
  'to-zero': [-2, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 2],
  away: [-3, -2, -2, -2, -1, -1, 0, 1, 1, 2, 2, 2, 3],
};
const ROUNDINGS = Object.keys(ROUNDED) as Rounding[];
/** Where x + 0.5 would be rounded itself. */
const CLOSE = [0.49999997, -0.49999997, 0.50000006, -0.50000006, 8388607.5, -8388607.5, 1e-30, -1e-30];

const plain = (x: number): number => (x === 0 ? 0 : x);

/** One quantizer on three channels of [1, 3, 1, n]. */
function graphOf(quantizer: Quantizer, values: number): Graph {
  const shape = [1, 3, 1, values];
  const tensor = (name: string) => ({ name, shape });
  return {
    ...{ name: 'test', inputs: [tensor('x')], outputs: [tensor('y')], host: [] },
    modelOutputs: [{ ...tensor('y'), value: 'y', type: 'float32' }],
    nodes: [{ kind: 'quant', name: 'q', sources: [], input: 'x', output: 'y', quantizer }],
    tensors: new Map([
      ['x', tensor('x')],
      ['y', tensor('y')],
    ]),
  };
}

async function agrees(quantizer: Quantizer, values: readonly number[]): Promise<void> {
  const model = await openFloatModel(graphToOnnx(graphOf(quantizer, values.length)));
  const input = Float32Array.from([...values, ...values, ...values]);
  const found = (await model.run(input)).get('y')!;
  await model.close();
  const expected = input.map((x, i) => quantizedValue(quantizer, Math.floor(i / values.length), x));
  expect([...found].map(plain)).toEqual([...expected].map(plain));
}

describe('rounding', () => {
  it.each(ROUNDINGS)('%s takes every value where the table says', (round) => {
    expect(VALUES.map((x) => plain(rounded(round, x)))).toEqual(ROUNDED[round]);
  });

  it('is exact beside a half, where adding one half would not be', () => {
    expect(ROUNDINGS.slice(0, 5).map((round) => plain(rounded(round, Math.fround(0.49999997))))).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect(rounded('half-up', Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('a quantizer', () => {
  it('gives scale * (code - zero), clamped: 3.3 / 0.5 = 6.6, 7 + 2 = 9, at most 8, 0.5 * (8 - 2) = 3', () => {
    const quantizer = linearQuantizer(Float32Array.of(0.5), Float32Array.of(2), [0, 8]);
    expect([3.3, 1.1, -9].map((x) => quantizedValue(quantizer, 0, x))).toEqual([3, 1, -1]);
  });

  it('adds its zero before or behind the rounding: 0.5 + 1 = 1.5 becomes 2, but 0.5 becomes 0 and then 1', () => {
    const behind = linearQuantizer(Float32Array.of(1), Float32Array.of(1), [0, 8]);
    expect(quantizedValue(behind, 0, 0.5)).toBe(0);
    expect(quantizedValue({ ...behind, zeroInside: true }, 0, 0.5)).toBe(1);
  });

  it('written to ONNX computes the same in ONNX Runtime, whatever the rounding, zero and channel', async () => {
    for (const round of ROUNDINGS) {
      const base: UniformQuantizer = {
        ...{ kind: 'uniform', scale: Float32Array.of(1), zero: Float32Array.of(0), lo: -100, hi: 100 },
        ...{ round, zeroInside: false },
      };
      await agrees({ ...base, lo: -9e6, hi: 9e6 }, [...VALUES, ...CLOSE]);
      const perChannel = {
        scale: Float32Array.of(0.5, 0.3, 7),
        zero: Float32Array.of(0.5, -1, 2.25),
        zeroInside: true,
      };
      await agrees({ ...base, ...perChannel }, VALUES);
      await agrees(
        { ...base, ...perChannel, zero: Float32Array.of(3, 0, -5), zeroInside: false, lo: -2, hi: 3 },
        VALUES,
      );
    }
    await agrees({ kind: 'bipolar', scale: 0.75 }, VALUES);
  });
});
