import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { CLASSES, renderShape, SEEDS, SIZE } from '../../examples/shapes/render.mjs';

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

test('a seed gives the same picture, byte for byte, as when this test was written', () => {
  expect([0, 7, 20003].map((seed) => hash(renderShape(seed).pixels))).toEqual([
    '18861b8eb500b037',
    '5ebd41807eb2f3d6',
    '183ae68b7892b62e',
  ]);
});

test('rendering other images in between changes nothing', () => {
  const before = hash(renderShape(12).pixels);
  renderShape(13);
  expect(hash(renderShape(12).pixels)).toBe(before);
});

test('a thousand seeds give a thousand different pictures', () => {
  const seeds = Array.from({ length: SEEDS.unseen.count }, (_, i) => SEEDS.unseen.first + i);
  expect(new Set(seeds.map((seed) => hash(renderShape(seed).pixels))).size).toBe(1000);
});

test('every class has the same share of every set', () => {
  for (const { first, count } of Object.values(SEEDS)) {
    const counts = new Array<number>(CLASSES.length).fill(0);
    for (let seed = first; seed < first + count; seed++) counts[seed % CLASSES.length]!++;
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
  expect([30, 31, 39].map((seed) => renderShape(seed).name)).toEqual(['circle', 'ring', 'bolt']);
});

test('no two sets share a seed', () => {
  const sets = Object.values(SEEDS).toSorted((a, b) => a.first - b.first);
  for (let i = 1; i < sets.length; i++) {
    expect(sets[i - 1]!.first + sets[i - 1]!.count).toBeLessThanOrEqual(sets[i]!.first);
  }
});

test('an image has three planes of bytes and uses their range', () => {
  const { pixels } = renderShape(5);
  expect(pixels.length).toBe(3 * SIZE * SIZE);
  expect(Math.max(...pixels) - Math.min(...pixels)).toBeGreaterThan(100);
});
