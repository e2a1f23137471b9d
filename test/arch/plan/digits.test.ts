import { describe, expect, test } from 'vitest';
import type { ArrayLayer } from '../../../src/arch/plan/array-layer.js';
import { activationPlanes, codeDigit, digitPasses, weightDigit, weightDigits } from '../../../src/arch/plan/digits.js';
import { testMachine } from '../../support/machines.js';

const ACTIVATION_DIGITS = [1, 2, 4, 8] as const;
const WEIGHT_DIGITS = [1, 2, 3, 4, 8] as const;

/** Only what weightDigits reads. */
const layerOf = (weightBits: number, depthwise: boolean, weights: readonly number[]) =>
  ({ weightBits, depthwise, weights: Int8Array.from(weights) }) as unknown as ArrayLayer;

const weightsOf = (bits: number): readonly number[] =>
  bits === 1 ? [-1, 1] : Array.from({ length: 2 ** bits }, (_, i) => i - 2 ** (bits - 1));

/** What a PE makes of a weight field (docs/machine.md, FEED). */
function fieldValue(field: number, mode: string, width: number): number {
  if (mode === 'bipolar') return (field & 1) * 2 - 1;
  return mode === 'signed' && field >= 2 ** (width - 1) ? field - 2 ** width : field;
}

function product(
  weight: number,
  code: number,
  layer: ArrayLayer,
  bits: number,
  machine: ReturnType<typeof testMachine>,
) {
  const digits = weightDigits(layer, machine);
  let acc = 0;
  for (const pass of digitPasses(activationPlanes(bits, machine), digits, machine)) {
    const field = weightDigit(weight, pass.weightPlane, digits, machine);
    const value = fieldValue(field, pass.mode, machine.weightDigit);
    acc = acc * 2 ** pass.shift + codeDigit(code, pass.activationPlane, machine) * value;
  }
  return acc;
}

describe.each(ACTIVATION_DIGITS.flatMap((a) => WEIGHT_DIGITS.map((w) => [a, w] as const)))(
  'with digits of %d and %d bits',
  (activationDigit, weightDigit) => {
    const machine = testMachine({ activationDigit, weightDigit });

    test('the passes of every weight and code add up to their product', () => {
      for (const weightBits of [1, 2, 3, 4, 5, 8]) {
        const weights = weightsOf(weightBits);
        const layer = layerOf(weightBits, false, weights);
        for (const bits of [1, 3, 8]) {
          for (const weight of weights) {
            for (let code = 0; code < 2 ** bits; code++) {
              const found = product(weight, code, layer, bits, machine);
              if (found !== weight * code) expect.fail(`${weight} x ${code} of ${bits} bits gives ${found}`);
            }
          }
        }
      }
    });

    test('a depthwise tile holds zeros beside any weights, plain ones included', () => {
      for (const weights of [
        [-1, 1],
        [1, 1, 0],
        [0, 5, 3],
        [-4, 3],
        [-128, 127],
        [127, 100],
      ]) {
        const bits = weights.some((w) => w > 7 || w < -8) ? 8 : weights.some((w) => w === 0 || w > 1 || w < -1) ? 4 : 1;
        const layer = layerOf(bits, true, weights);
        for (const weight of [...weights, 0]) {
          for (const code of [0, 1, 129, 255]) expect(product(weight, code, layer, 8, machine)).toBe(weight * code + 0);
        }
      }
    });

    test('there are as many passes as pairs of digits, the heaviest first, and shifts fit their field', () => {
      for (const weightBits of [1, 2, 3, 4, 8]) {
        for (const bits of [1, 8, 16]) {
          const digits = weightDigits(layerOf(weightBits, false, weightsOf(weightBits)), machine);
          const passes = digitPasses(activationPlanes(bits, machine), digits, machine);
          expect(passes.length).toBe(Math.ceil(bits / activationDigit) * digits.planes);
          expect(digits.planes).toBe(Math.ceil(Math.max(weightBits, digits.form === 'bipolar' ? 1 : 2) / weightDigit));
          expect(passes[0]!.shift).toBe(0);
          for (const { shift } of passes) expect(shift >= 0 && shift < 16).toBe(true);
        }
      }
    });
  },
);
