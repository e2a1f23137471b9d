import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { renderedSet } from '../../examples/shapes/make-data.mjs';
import { npy, npyFloats } from '../../examples/shapes/npz.mjs';
import { asciiLines, colourLines, pngStrip } from '../../examples/shapes/picture.mjs';
import { renderShape, SIZE } from '../../examples/shapes/render.mjs';

test('a .npy header is padded to 64 bytes and the values follow', () => {
  const bytes = npy('<f4', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6.5));
  expect((bytes[8]! + 256 * bytes[9]! + 10) % 64).toBe(0);
  expect(Buffer.from(bytes).toString('latin1')).toContain("'shape': (2,3,)");
  const folder = mkdtempSync(join(tmpdir(), 'shapes-'));
  try {
    writeFileSync(join(folder, 'x.npy'), bytes);
    expect([...npyFloats(join(folder, 'x.npy'))]).toEqual([1, 2, 3, 4, 5, 6.5]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a rendered set holds the images and their labels, and is the same bytes every time', () => {
  const set = renderedSet({ first: 8, count: 3 });
  expect(Buffer.from(renderedSet({ first: 8, count: 3 })).equals(set)).toBe(true);
  const files = unzipSync(set);
  const labels = files['labels.npy']!;
  expect([...labels.subarray(labels.length - 24)].filter((_, i) => i % 8 === 0)).toEqual([8, 9, 0]);
  const inputs = files['inputs.npy']!;
  const last = inputs.slice(inputs.length - 3 * SIZE * SIZE * 4);
  expect(Uint8Array.from(new Float32Array(last.buffer))).toEqual(renderShape(10).pixels);
});

test('a strip shows each pixel zoomed, inside a white frame', () => {
  const { pixels } = renderShape(3);
  const png = PNG.sync.read(Buffer.from(pngStrip([pixels, pixels], SIZE, { zoom: 2, frame: 1 })));
  expect([png.width, png.height]).toEqual([2 * 65 + 1, 66]);
  const at = (x: number, y: number) => [...png.data.subarray((y * png.width + x) * 4, (y * png.width + x) * 4 + 3)];
  expect(at(0, 0)).toEqual([255, 255, 255]);
  // Second image, pixel (31, 2): its left edge is 1 + 65, two columns a pixel.
  expect(at(66 + 62, 1 + 5)).toEqual([0, 1, 2].map((plane) => pixels[(plane * SIZE + 2) * SIZE + 31]));
});

test('terminal pictures are half as many lines as the image, plain ones pure ASCII', () => {
  const { pixels } = renderShape(3);
  expect(colourLines(pixels, SIZE)).toHaveLength(SIZE / 2);
  const plain = asciiLines(pixels, SIZE);
  expect(plain.every((line) => line.length === SIZE && /^[ -~]*$/.test(line))).toBe(true);
  expect(plain).toHaveLength(SIZE / 2);
});
