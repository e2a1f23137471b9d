import { expect, test } from 'vitest';
import { tensorFromTrace } from '../../sim/trace-tensors.js';

const place = { group: 1, base: 100, planes: 2, planeStride: 50, rowPitch: 12, pixelPitch: 4 };
const shape = { height: 2, width: 2, channels: 3 };
const write = { cycle: 5, layer: 3, plane: 0, group: 1, address: 100, count: 1, data: Uint8Array.of(0) };

test('digits of all planes make a code, wherever padding lies between pixels', () => {
  // Pixel (1, 1) starts at 100 + 12 + 4 = 116; channels 0..2 get low digits 1, 2, 3 and high digits 0, 1, 2 of 4 bits.
  const trace = [
    { ...write, address: 116, count: 3, data: Uint8Array.of(0x21, 0x03) },
    { ...write, plane: 1, address: 166, count: 3, cycle: 9, data: Uint8Array.of(0x10, 0x02) },
  ];
  const tensor = tensorFromTrace(trace, 3, place, shape, 4);
  expect([...tensor.codes]).toEqual([-1, -1, -1, -1, -1, -1, -1, -1, -1, 0x01, 0x12, 0x23]);
  expect(tensor.cycles[11]).toBe(9);
  expect(tensor.strays).toBe(0);
});

test('a code with one plane missing, and other layers, do not count', () => {
  const tensor = tensorFromTrace([write, { ...write, layer: 2, plane: 1, address: 150 }], 3, place, shape, 4);
  expect(tensor.codes[0]).toBe(-1);
});

test('writes beside the tensor are strays', () => {
  const stray = (change: object) => tensorFromTrace([{ ...write, ...change }], 3, place, shape, 4).strays;
  expect(stray({})).toBe(0);
  expect(stray({ group: 0 })).toBe(1);
  expect(stray({ address: 99 })).toBe(1);
  expect(stray({ address: 103 })).toBe(1); // the gap after pixel (0, 0)
  expect(stray({ address: 124 })).toBe(1); // row 2
  expect(stray({ plane: 2, address: 200 })).toBe(1);
});
