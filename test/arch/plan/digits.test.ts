import { describe, expect, test } from 'vitest';
import type { Machine } from '../../../src/arch/machine.js';
import type { ArrayLayer } from '../../../src/arch/plan/array-layer.js';
import { activationPlanes, codeDigit, digitPasses, weightDigit, weightDigits } from '../../../src/arch/plan/digits.js';
import { testMachine } from '../../support/machines.js';

const ACTIVATION_DIGITS = [1, 2, 4, 8] as const;
const WEIGHT_DIGITS = [1, 2, 3, 4, 8] as const;

/** Only what weightDigits reads. */
const layerOf = (weightBits: number, depthwise: boolean, weights: readonly number[]) =>
  ({ weightBits, depthwise, weights: Int16Array.from(weights) }) as unknown as ArrayLayer;

const weightsOf = (bits: number): readonly number[] =>
  bits === 1 ? [-1, 1] : Array.from({ length: 2 ** bits }, (_, i) => i - 2 ** (bits - 1));

/** What a PE makes of a weight field (docs/machine.md, FEED). */
function fieldValue(field: number, mode: string, width: number): number {
  if (mode === 'bipolar') return (field & 1) * 2 - 1;
  return mode === 'signed' && field >= 2 ** (width - 1) ? field - 2 ** width : field;
}

/** weight x code as the passes of the layer add it up. */
function multiplier(layer: ArrayLayer, bits: number, machine: Machine): (weight: number, code: number) => number {
  const digits = weightDigits(layer, machine);
  const passes = digitPasses(activationPlanes(bits, machine), digits, machine);
  return (weight, code) => {
    let acc = 0;
    for (const { weightPlane, activationPlane, shift, mode } of passes) {
      const value = fieldValue(weightDigit(weight, weightPlane, digits, machine), mode, machine.weightDigit);
      acc = acc * 2 ** shift + codeDigit(code, activationPlane, machine) * value;
    }
    return acc;
  };
}

describe.each(ACTIVATION_DIGITS.flatMap((a) => WEIGHT_DIGITS.map((w) => [a, w] as const)))(
  'with digits of %d and %d bits',
  (activationDigit, weightDigit) => {
    const machine = testMachine({ activationDigit, weightDigit });

    test('the passes of every weight and code add up to their product', () => {
      for (const [weightBits, bits] of [
        [1, 8],
        [2, 3],
        [3, 8],
        [4, 8],
        [5, 1],
        [8, 4],
      ] as const) {
        const weights = weightsOf(weightBits);
        const multiply = multiplier(layerOf(weightBits, false, weights), bits, machine);
        for (const weight of weights) {
          for (let code = 0; code < 2 ** bits; code++) {
            const found = multiply(weight, code);
            if (found !== weight * code) expect.fail(`${weight} x ${code} of ${bits} bits gives ${found}`);
          }
        }
      }
    });

    test('and of the widest weights and codes', () => {
      const ends = [-32768, -32767, -12345, -1, 0, 1, 4660, 32767];
      const multiply = multiplier(layerOf(16, false, ends), 16, machine);
      for (const weight of ends) {
        for (const code of [0, 1, 255, 256, 43981, 65535]) expect(multiply(weight, code)).toBe(weight * code + 0);
      }
    });

    test('a depthwise tile holds zeros beside any weights, plain ones included', () => {
      const tiles: readonly (readonly [number, readonly number[]])[] = [
        [1, [-1, 1]],
        [4, [1, 1, 0]],
        [4, [0, 5, 3]],
        [4, [-4, 3]],
        [8, [-128, 127]],
        [8, [127, 100]],
      ];
      for (const [bits, weights] of tiles) {
        const multiply = multiplier(layerOf(bits, true, weights), 8, machine);
        for (const weight of [...weights, 0]) {
          for (const code of [0, 1, 129, 255]) expect(multiply(weight, code)).toBe(weight * code + 0);
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
