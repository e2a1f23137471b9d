/** NumPy arrays in files (NEP 1). Reading is npyjs's; this adds bounds, types and people's errors. */
import { parse } from 'npyjs';
import { SystoleError } from './error.js';

export type NumericData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

export interface NumericArray {
  readonly shape: readonly number[];
  /** Row major. */
  readonly data: NumericData;
}

const MAGIC = '\u0093NUMPY';
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  f4: 4,
  f8: 8,
  i1: 1,
  u1: 1,
  i2: 2,
  u2: 2,
  i4: 4,
  u4: 4,
  i8: 8,
  u8: 8,
  b1: 1,
};

/**
 * Decodes one .npy file.
 * @throws SystoleError data-file for bytes that are no .npy or a Fortran-ordered array; data-type for big-endian elements, or
 * a type other than f4 f8 i1 u1 i2 u2 i4 u4 i8 u8 b1.
 */
export function readNpy(bytes: Uint8Array, where: string): NumericArray {
  const header = npyHeader(bytes, where);
  const elementBytes = ELEMENT_BYTES[header.type];
  if (elementBytes === undefined || header.bigEndian) {
    throw new SystoleError('data-type', 'the array has an element type that is not read', {
      where,
      expected: 'little-endian f4, f8, i1, u1, i2, u2, i4, u4, i8, u8 or b1',
      actual: header.descr,
      hint: 'save it with array.astype("float32")',
    });
  }
  if (header.fortran) {
    throw new SystoleError('data-file', 'the array is stored in Fortran order', {
      where,
      hint: 'save it with numpy.ascontiguousarray(array)',
    });
  }
  const elements = header.shape.reduce((product, n) => product * n, 1);
  if (bytes.length - header.dataStart < elements * elementBytes) {
    throw new SystoleError('data-file', 'the file ends before its array does', {
      where,
      expected: `${elements * elementBytes} bytes of data`,
      actual: `${bytes.length - header.dataStart}`,
    });
  }
  const isBool = header.type === 'b1';
  // npyjs reads an exact ArrayBuffer; booleans are bytes.
  const exact = Uint8Array.from(bytes);
  if (isBool) return { shape: header.shape, data: exact.slice(header.dataStart, header.dataStart + elements) };
  const parsed = parse(exact.buffer);
  return { shape: parsed.shape, data: parsed.data as NumericData };
}

/** Encodes an array as .npy version 1.0, the header padded to 64 bytes as NumPy does. */
export function writeNpy(array: NumericArray): Uint8Array {
  const { data, shape } = array;
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dict = `{'descr': '${descrOf(data)}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const padded = `${dict}${' '.repeat(63 - ((10 + dict.length) % 64))}\n`;
  const head = new Uint8Array(10 + padded.length);
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  head.set(new TextEncoder().encode(padded), 10);
  const out = new Uint8Array(head.length + data.byteLength);
  out.set(head);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), head.length);
  return out;
}

/** The elements as float32, rounded to nearest where they do not fit. */
export function toFloat32(data: NumericData): Float32Array {
  if (data instanceof Float32Array) return data;
  return Float32Array.from(data as ArrayLike<number | bigint>, Number);
}

interface NpyHeader {
  readonly descr: string;
  readonly type: string;
  readonly bigEndian: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly dataStart: number;
}

function npyHeader(bytes: Uint8Array, where: string): NpyHeader {
  const refuse = (): SystoleError =>
    new SystoleError('data-file', 'the file is not a NumPy array', { where, expected: '.npy (numpy.save)' });
  if (bytes.length < 10 || String.fromCharCode(...bytes.subarray(0, 6)) !== MAGIC) throw refuse();
  const wide = bytes[6]! >= 2;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = wide ? (bytes.length < 12 ? -1 : view.getUint32(8, true)) : view.getUint16(8, true);
  const start = wide ? 12 : 10;
  if (length < 0 || start + length > bytes.length) throw refuse();
  const text = new TextDecoder('latin1').decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([^']+)'/.exec(text)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined || shape === undefined) throw refuse();
  const dims = shape
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  if (dims.some((n) => !Number.isSafeInteger(n) || n < 0)) throw refuse();
  return {
    descr,
    type: descr.slice(1),
    bigEndian: descr.startsWith('>'),
    fortran: /'fortran_order':\s*True/.test(text),
    shape: dims,
    dataStart: start + length,
  };
}

function descrOf(data: NumericData): string {
  if (data instanceof Float32Array) return '<f4';
  if (data instanceof Float64Array) return '<f8';
  if (data instanceof Int8Array) return '|i1';
  if (data instanceof Uint8Array) return '|u1';
  if (data instanceof Int16Array) return '<i2';
  if (data instanceof Uint16Array) return '<u2';
  if (data instanceof Int32Array) return '<i4';
  if (data instanceof Uint32Array) return '<u4';
  return data instanceof BigInt64Array ? '<i8' : '<u8';
}
