/** NumPy files, written without Python. */
import { zipSync } from 'fflate';

/**
 * @param {'<f4' | '|u1' | '<i8'} type NumPy type of the data
 * @param {readonly number[]} shape
 * @param {ArrayBufferView} data row major, little endian
 * @returns {Uint8Array} .npy file, format 1.0: magic, length, header padded to 64 bytes, data
 */
export function npy(type, shape, data) {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.map((n) => `${n},`).join('')}), }`;
  const length = Math.ceil((11 + text.length) / 64) * 64 - 10;
  const head = Uint8Array.of(0x93, ...Buffer.from('NUMPY'), 1, 0, length & 255, length >> 8);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([head, Buffer.from(`${text.padEnd(length - 1)}\n`), bytes]);
}

/**
 * @param {Record<string, Uint8Array>} arrays .npy files by key
 * @returns {Uint8Array} .npz file, the same bytes every time
 */
export function npz(arrays) {
  const files = Object.entries(arrays).map(([key, bytes]) => [`${key}.npy`, bytes]);
  return zipSync(Object.fromEntries(files), { level: 6, mtime: new Date(1980, 0, 1) });
}
