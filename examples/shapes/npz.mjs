/** NumPy files, written without Python. */
import { readFileSync } from 'node:fs';
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

/**
 * @param {string} path a little-endian float32 .npy file, row major
 * @returns {Float32Array} its values
 */
export function npyFloats(path) {
  const bytes = readFileSync(path);
  const start = bytes[6] === 1 ? 10 + bytes.readUInt16LE(8) : 12 + bytes.readUInt32LE(8);
  if (!bytes.toString('latin1', 0, start).includes("'<f4'")) throw new Error(`${path}: not a float32 .npy file`);
  return new Float32Array(Uint8Array.from(bytes.subarray(start)).buffer);
}
