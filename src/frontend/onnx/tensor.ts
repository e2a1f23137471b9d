/** TensorProto -> plain values: the declared shape against the bytes that are there, before any allocation. */
import type proto from 'onnx-proto';
import { SystoleError } from '../../base/error.js';
import { brainToFloat, halfToFloat } from './half.js';
import { LIMITS } from './limits.js';
import type { OnnxTensor } from './model.js';

type TensorProto = proto.onnx.ITensorProto;

/** TensorProto.DataType: bytes of an element in raw data, and which typed field holds it otherwise. */
interface ElementType {
  readonly name: string;
  readonly kind: 'float' | 'int';
  readonly bytes: number;
  readonly field: 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data';
  readonly read: (view: DataView, at: number) => number;
  /** From the bits that int32Data carries; absent where the number is the value. */
  readonly fromBits?: (bits: number) => number;
  /** Less than a byte for each value; both fields hold bytes. */
  readonly packed?: { readonly bits: number; readonly signed: boolean };
}

export const FLOAT = 1;
export const INT64 = 7;

const ELEMENT_TYPES: Readonly<Record<number, ElementType>> = {
  1: { name: 'float32', kind: 'float', bytes: 4, field: 'floatData', read: (v, i) => v.getFloat32(i, true) },
  2: { name: 'uint8', kind: 'int', bytes: 1, field: 'int32Data', read: (v, i) => v.getUint8(i) },
  3: { name: 'int8', kind: 'int', bytes: 1, field: 'int32Data', read: (v, i) => v.getInt8(i) },
  4: { name: 'uint16', kind: 'int', bytes: 2, field: 'int32Data', read: (v, i) => v.getUint16(i, true) },
  5: { name: 'int16', kind: 'int', bytes: 2, field: 'int32Data', read: (v, i) => v.getInt16(i, true) },
  6: { name: 'int32', kind: 'int', bytes: 4, field: 'int32Data', read: (v, i) => v.getInt32(i, true) },
  7: { name: 'int64', kind: 'int', bytes: 8, field: 'int64Data', read: (v, i) => Number(v.getBigInt64(i, true)) },
  9: { name: 'bool', kind: 'int', bytes: 1, field: 'int32Data', read: (v, i) => (v.getUint8(i) === 0 ? 0 : 1) },
  10: {
    name: 'float16',
    kind: 'float',
    bytes: 2,
    field: 'int32Data',
    read: (v, i) => halfToFloat(v.getUint16(i, true)),
    fromBits: halfToFloat,
  },
  11: { name: 'float64', kind: 'float', bytes: 8, field: 'doubleData', read: (v, i) => v.getFloat64(i, true) },
  12: { name: 'uint32', kind: 'int', bytes: 4, field: 'uint64Data', read: (v, i) => v.getUint32(i, true) },
  13: { name: 'uint64', kind: 'int', bytes: 8, field: 'uint64Data', read: (v, i) => Number(v.getBigUint64(i, true)) },
  16: {
    name: 'bfloat16',
    kind: 'float',
    bytes: 2,
    field: 'int32Data',
    read: (v, i) => brainToFloat(v.getUint16(i, true)),
    fromBits: brainToFloat,
  },
  21: packedType('uint4', 4, false),
  22: packedType('int4', 4, true),
  25: packedType('uint2', 2, false),
  26: packedType('int2', 2, true),
};

/** Several values in a byte, the first in its lowest bits. */
function packedType(name: string, bits: number, signed: boolean): ElementType {
  return { name, kind: 'int', bytes: bits / 8, field: 'int32Data', read: () => 0, packed: { bits, signed } };
}

/** For messages: the name of a TensorProto.DataType, newer ones as a number. */
export function elementTypeName(type: number): string {
  return ELEMENT_TYPES[type]?.name ?? (type === 8 ? 'string' : `type ${type}`);
}

/** The TensorProto.DataType of a name that elementTypeName gives. */
export function elementTypeOf(name: string): number {
  return Number(Object.keys(ELEMENT_TYPES).find((type) => ELEMENT_TYPES[Number(type)]?.name === name) ?? 0);
}

/** Whether Systole reads constants of this TensorProto.DataType. */
export function isFloatType(type: number): boolean {
  return ELEMENT_TYPES[type]?.kind === 'float';
}

/**
 * @throws SystoleError onnx-external-data; onnx-too-large or onnx-truncated where shape and bytes disagree.
 */
export function decodeTensor(tensor: TensorProto, where: string): OnnxTensor {
  refuseExternal(tensor, where);
  const dataType = Number(tensor.dataType ?? 0);
  const type = ELEMENT_TYPES[dataType];
  const shape = decodeShape(tensor, where);
  if (type === undefined) return { type: 'other', shape, what: elementTypeName(dataType) };
  const elements = shape.reduce((product, n) => product * n, 1);
  const raw = tensor.rawData ?? new Uint8Array(0);
  const typed = tensor[type.field] ?? [];
  if (type.packed !== undefined) {
    const bytes = raw.length > 0 ? raw : Uint8Array.from(typed, (byte) => Number(byte));
    const data = unpacked(bytes, type.packed, elements);
    if (data !== null) return { type: 'int', shape, data, elementType: dataType };
  }
  const present = raw.length > 0 ? raw.length / type.bytes : typed.length;
  if (present !== elements || type.packed !== undefined) {
    throw new SystoleError('onnx-truncated', 'a constant holds another number of values than its shape says', {
      where,
      expected: `${elements} values (${shape.join('x')} ${type.name})`,
      actual: `${present}`,
    });
  }
  if (raw.length > 0 && dataType === FLOAT) return { type: 'float', shape, data: rawFloats(raw) };
  const values = type.kind === 'float' ? new Float32Array(elements) : new Float64Array(elements);
  if (raw.length > 0) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    for (let i = 0; i < elements; i++) values[i] = type.read(view, i * type.bytes);
  } else {
    for (let i = 0; i < elements; i++) values[i] = type.fromBits?.(Number(typed[i])) ?? Number(typed[i]);
  }
  return values instanceof Float32Array
    ? { type: 'float', shape, data: values }
    : { type: 'int', shape, data: values, elementType: dataType };
}

/** null where there are more or fewer bytes than the values fill. */
function unpacked(
  bytes: Uint8Array,
  { bits, signed }: { readonly bits: number; readonly signed: boolean },
  elements: number,
): Float64Array | null {
  const perByte = 8 / bits;
  if (bytes.length !== Math.ceil(elements / perByte)) return null;
  const half = 2 ** (bits - 1);
  return Float64Array.from({ length: elements }, (_, i) => {
    const code = (bytes[Math.floor(i / perByte)]! >> (bits * (i % perByte))) & (2 ** bits - 1);
    return signed && code >= half ? code - 2 * half : code;
  });
}

function decodeShape(tensor: TensorProto, where: string): number[] {
  const shape = (tensor.dims ?? []).map(Number);
  let elements = 1;
  for (const n of shape) {
    if (!Number.isInteger(n) || n < 0) {
      throw new SystoleError('onnx-truncated', 'a constant has an impossible dimension', { where, actual: `${n}` });
    }
    elements *= n;
  }
  if (shape.length > LIMITS.rank || elements > LIMITS.elements || shape.some((n) => n > LIMITS.elements)) {
    throw new SystoleError('onnx-too-large', 'a constant declares more than is allowed', {
      where,
      expected: `at most ${LIMITS.elements} values in ${LIMITS.rank} dimensions`,
      actual: shape.slice(0, LIMITS.rank + 1).join('x'),
    });
  }
  return shape;
}

function refuseExternal(tensor: TensorProto, where: string): void {
  const external = tensor.externalData ?? [];
  if (Number(tensor.dataLocation ?? 0) === 0 && external.length === 0) return;
  const location = external.find((entry) => entry.key === 'location')?.value;
  throw new SystoleError('onnx-external-data', 'the weights lie in another file', {
    where,
    ...(location ? { actual: location } : {}),
    hint: 'save the model as one file: onnx.save(onnx.load(FILE), OUT, save_as_external_data=False)',
  });
}

/** Little-endian float32; a copy, since the file's bytes need not be aligned. */
function rawFloats(raw: Uint8Array): Float32Array {
  const data = new Float32Array(raw.length / 4);
  new Uint8Array(data.buffer).set(raw);
  return data;
}
