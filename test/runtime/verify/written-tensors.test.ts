import { expect, test } from 'vitest';
import type { PlanLayout } from '../../../src/arch/plan/plan-layout.js';
import { tensorCollector } from '../../../src/runtime/verify/written-tensors.js';

/** 2x2x3 codes of two digits of 4 bits, a pixel every 4 digits and a row every 12. */
const place = {
  ...{ group: 1, base: 100, planes: 2, planeStride: 50, rowPitch: 12, pixelPitch: 4 },
  ...{ bufferRows: 0, counter: 0, made: 0, lastRead: 1 },
};
const tensor = { name: 't', height: 2, width: 2, channels: 3, bits: 8, place };
const layer = {
  ...{ name: 'a', sources: ['a'], input: 'x', residual: null, output: 't', passes: 1 },
  ...{ usefulMacs: 0, usefulDigitMacs: 0, steps: 0, accRange: { min: 0, max: 0 } },
};
const layout = {
  tensors: { t: tensor, out: { ...tensor, name: 'out', place: null } },
  layers: [layer, { ...layer, name: 'b', output: 'out' }],
  turns: [0, 1],
} as unknown as PlanLayout;
const write = { cycle: 5, layer: 0, plane: 0, group: 1, addr: 100, digits: Uint8Array.of(0) };
function written(...writes: object[]) {
  const collector = tensorCollector(layout, 4);
  for (const change of writes) collector.take({ ...write, ...change });
  return collector.result();
}

test('digits of all planes make a code, wherever padding lies between pixels', () => {
  // Pixel (1, 1) starts at 100 + 12 + 4 = 116; channels 0..2 get low digits 1, 2, 3 and high digits 0, 1, 2.
  const [first, streamed] = written(
    { addr: 116, digits: Uint8Array.of(1, 2, 3) },
    { plane: 1, addr: 166, cycle: 9, digits: Uint8Array.of(0, 1, 2) },
  );
  expect([...first!.codes]).toEqual([-1, -1, -1, -1, -1, -1, -1, -1, -1, 0x01, 0x12, 0x23]);
  expect(first!.cycles[11]).toBe(9);
  expect(first!.strays).toBe(0);
  expect(streamed).toBeNull();
});

test('a code with one plane missing, and writes of other layers, do not count', () => {
  const [first] = written({}, { layer: 1, plane: 1, addr: 150 });
  expect(first!.codes[0]).toBe(-1);
  expect(first!.strays).toBe(0);
});

test.each([
  ['another group', { group: 0 }],
  ['before the tensor', { addr: 99 }],
  ['the gap behind pixel (0, 0)', { addr: 103 }],
  ['row 2', { addr: 124 }],
  ['a plane too many', { plane: 2, addr: 200 }],
])('a write to %s is a stray', (_, change) => {
  expect(written(change)[0]!.strays).toBe(1);
});

test('a digit written twice is a stray, and the later one counts', () => {
  const low = (digit: number) => ({ digits: Uint8Array.of(digit) });
  const [first] = written(low(3), { plane: 1, addr: 150 }, low(7));
  expect([first!.codes[0], first!.strays]).toEqual([7, 1]);
});
