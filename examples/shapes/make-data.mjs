/**
 * Renders images into a .npz: `node make-data.mjs SET OUT.npz`, SET one of unseen, calibration,
 * validation, training, or FIRST..LAST. Arrays: inputs float32 [n,3,32,32] 0-255 (u8 for training), labels int64 [n].
 * OUT.png instead makes a picture of them, ten a line.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npy, npz } from './npz.mjs';
import { pngStrip } from './picture.mjs';
import { renderShape, SEEDS, SIZE } from './render.mjs';

/**
 * @param {{ first: number, count: number }} seeds
 * @param {boolean} bytes true: images as bytes, a quarter of the size
 * @returns {Uint8Array} .npz file
 */
export function renderedSet({ first, count }, bytes = false) {
  const each = 3 * SIZE * SIZE;
  const inputs = bytes ? new Uint8Array(count * each) : new Float32Array(count * each);
  const labels = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    const { label, pixels } = renderShape(first + i);
    inputs.set(pixels, i * each);
    labels[i] = BigInt(label);
  }
  const shape = [count, 3, SIZE, SIZE];
  return npz({ inputs: npy(bytes ? '|u1' : '<f4', shape, inputs), labels: npy('<i8', [count], labels) });
}

function renderedPicture({ first, count }) {
  const images = Array.from({ length: count }, (_, i) => renderShape(first + i).pixels);
  return pngStrip(images, SIZE, { columns: Math.min(10, count), zoom: 2 });
}

function seedsOf(name) {
  if (Object.hasOwn(SEEDS, name)) return SEEDS[name];
  const range = /^(\d+)\.\.(\d+)$/.exec(name);
  if (range === null || Number(range[2]) < Number(range[1])) return undefined;
  return { first: Number(range[1]), count: Number(range[2]) - Number(range[1]) + 1 };
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [set, out, ...rest] = process.argv.slice(2);
  const seeds = seedsOf(set ?? '');
  if (seeds === undefined || out === undefined || rest.length > 0) {
    console.error('usage: node make-data.mjs unseen|calibration|validation|training|FIRST..LAST OUT.npz|OUT.png');
    process.exit(2);
  }
  mkdirSync(dirname(resolve(out)), { recursive: true });
  writeFileSync(out, out.endsWith('.png') ? renderedPicture(seeds) : renderedSet(seeds, set === 'training'));
  console.log(`${out}: ${seeds.count} images, seeds ${seeds.first}..${seeds.first + seeds.count - 1}`);
}
