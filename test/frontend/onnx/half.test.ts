import { describe, expect, it } from 'vitest';
import { brainToFloat, floatToBrain, floatToHalf, halfToFloat } from '../../../src/frontend/onnx/half.js';

describe('binary16', () => {
  it('every number of it is the nearest to itself', () => {
    for (let bits = 0; bits < 2 ** 16; bits++) {
      const x = halfToFloat(bits);
      if (!Number.isNaN(x)) expect(floatToHalf(x)).toBe(bits);
    }
    expect(halfToFloat(floatToHalf(Number.NaN))).toBeNaN();
  });

  it('numbers between two go to the nearer one, and to the even one of two', () => {
    for (let bits = 0; bits < 0x7bff; bits += 7) {
      const [low, high] = [halfToFloat(bits), halfToFloat(bits + 1)];
      const middle = (low + high) / 2;
      expect(floatToHalf(middle)).toBe(bits % 2 === 0 ? bits : bits + 1);
      expect(floatToHalf(middle - (high - low) / 8)).toBe(bits);
      expect(floatToHalf(-middle - (high - low) / 8)).toBe(0x8000 | (bits + 1));
    }
  });

  it('is infinite from 65520 on', () => {
    expect([65519, 65520, -1e30].map(floatToHalf)).toEqual([0x7bff, 0x7c00, 0xfc00]);
  });
});

it('bfloat16 is the upper half of a float32, rounded to the nearest, ties to even', () => {
  expect([0x3f80, 0xc049, 0].map(brainToFloat)).toEqual([1, -3.140625, 0]);
  // One step above 1 is 1/128.
  const rounded = [1, 1 + 1 / 256, 1 + 3 / 256, 1 + 1.01 / 256, -1 - 1 / 300, 3.4e38].map((x) =>
    brainToFloat(floatToBrain(x)),
  );
  expect(rounded).toEqual([1, 1, 1 + 2 / 128, 1 + 1 / 128, -1, Number.POSITIVE_INFINITY]);
  expect(brainToFloat(floatToBrain(Number.NaN))).toBeNaN();
});
