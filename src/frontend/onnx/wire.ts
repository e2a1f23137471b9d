/**
 * Walks the protobuf bytes of a model before anything is decoded: every nested length inside its
 * parent, every known field of its own wire type, and no more objects than memory holds.
 * It allocates nothing, so a hostile file costs one pass over its bytes.
 */
import { SystoleError } from '../../base/error.js';
import { LIMITS } from './limits.js';
import { type FieldKind, type MessageName, WIRE_SCHEMA } from './wire-schema.js';

interface Walk {
  readonly bytes: Uint8Array;
  at: number;
  messages: number;
  fields: number;
  floats: number;
  integers: number;
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;
const FIXED32_BYTES = 4;
const FIXED64_BYTES = 8;

/**
 * @throws SystoleError not-onnx where the first field is none of a model's; onnx-truncated for a length beyond
 * its parent or a damaged field; onnx-too-large beyond LIMITS.
 */
export function checkWire(bytes: Uint8Array): void {
  if (bytes.length > LIMITS.fileBytes) throw tooLarge('bytes', bytes.length, LIMITS.fileBytes);
  checkFirstField(bytes);
  walkMessage({ bytes, at: 0, messages: 0, fields: 0, floats: 0, integers: 0 }, 'Model', bytes.length, 0);
}

/** A model starts with one of its own fields; nearly every other file format does not. */
function checkFirstField(bytes: Uint8Array): void {
  const first = bytes[0];
  const kind = first === undefined ? undefined : WIRE_SCHEMA.Model[first >> 3];
  if (first === undefined || kind === undefined || !wireTypes(kind).includes(first & 7)) {
    throw new SystoleError('not-onnx', 'the file is not an ONNX model', {
      where: 'byte 0',
      expected: 'a field of ModelProto',
      actual: first === undefined ? 'an empty file' : `0x${first.toString(16).padStart(2, '0')}`,
    });
  }
}

function walkMessage(walk: Walk, name: MessageName, end: number, depth: number): void {
  walk.messages += 1;
  if (walk.messages > LIMITS.messages) throw tooLarge('messages', walk.messages, LIMITS.messages);
  if (depth > LIMITS.depth) throw tooLarge('levels of nesting', depth, LIMITS.depth);
  while (walk.at < end) walkField(walk, name, end, depth);
}

function walkField(walk: Walk, name: MessageName, end: number, depth: number): void {
  const start = walk.at;
  const tag = readVarint(walk, end);
  const field = Math.floor(tag / 8);
  const wireType = tag % 8;
  const kind = WIRE_SCHEMA[name][field];
  if (field === 0 || (kind !== undefined && !wireTypes(kind).includes(wireType))) {
    throw damaged(start, `field ${field} of ${name} with wire type ${wireType}`);
  }
  if (wireType === VARINT) {
    readVarint(walk, end);
    countScalars(walk, kind, 1);
    return;
  }
  if (wireType === FIXED32 || wireType === FIXED64) {
    skip(walk, wireType === FIXED32 ? FIXED32_BYTES : FIXED64_BYTES, end);
    countScalars(walk, kind, 1);
    return;
  }
  if (wireType !== LENGTH) throw damaged(start, `wire type ${wireType}`);
  const length = readVarint(walk, end);
  if (length > end - walk.at) {
    throw new SystoleError('onnx-truncated', 'the ONNX file ends early or is damaged', {
      where: `byte ${start}, field ${field} of ${name}`,
      expected: `${length} bytes`,
      actual: `${end - walk.at} left`,
    });
  }
  const fieldEnd = walk.at + length;
  if (typeof kind === 'object') {
    walkMessage(walk, kind.message, fieldEnd, depth + 1);
    return;
  }
  walkPacked(walk, kind, length, fieldEnd, start);
}

function walkPacked(walk: Walk, kind: FieldKind | undefined, length: number, end: number, start: number): void {
  if (kind === 'varints') {
    while (walk.at < end) {
      readVarint(walk, end);
      countScalars(walk, kind, 1);
    }
    return;
  }
  if (kind === 'fixed32s' || kind === 'fixed64s') {
    const width = kind === 'fixed32s' ? FIXED32_BYTES : FIXED64_BYTES;
    if (length % width !== 0) throw damaged(start, `${length} bytes of packed values of ${width}`);
    countScalars(walk, kind, length / width);
  } else {
    walk.fields += 1;
    if (walk.fields > LIMITS.fields) throw tooLarge('strings', walk.fields, LIMITS.fields);
  }
  walk.at = end;
}

function countScalars(walk: Walk, kind: FieldKind | undefined, count: number): void {
  if (kind === 'varints' || kind === undefined) walk.integers += count;
  if (kind === 'fixed32s' || kind === 'fixed64s') walk.floats += count;
  if (walk.integers > LIMITS.integers) throw tooLarge('integers outside raw data', walk.integers, LIMITS.integers);
  if (walk.floats > LIMITS.floats) throw tooLarge('floats outside raw data', walk.floats, LIMITS.floats);
}

function wireTypes(kind: FieldKind): readonly number[] {
  if (typeof kind === 'object' || kind === 'bytes') return [LENGTH];
  if (kind === 'varint') return [VARINT];
  if (kind === 'fixed32') return [FIXED32];
  if (kind === 'varints') return [VARINT, LENGTH];
  return kind === 'fixed32s' ? [FIXED32, LENGTH] : [FIXED64, LENGTH];
}

/** A base-128 number; beyond 2^53 its low bits are lost, which no length or tag reaches. */
function readVarint(walk: Walk, end: number): number {
  const start = walk.at;
  let value = 0;
  let weight = 1;
  for (let i = 0; i < 10; i++) {
    if (walk.at >= end) throw damaged(start, 'a number that does not end');
    const byte = walk.bytes[walk.at]!;
    walk.at += 1;
    value += (byte & 0x7f) * weight;
    if (byte < 0x80) return value;
    weight *= 128;
  }
  throw damaged(start, 'a number of more than ten bytes');
}

function skip(walk: Walk, bytes: number, end: number): void {
  if (walk.at + bytes > end) throw damaged(walk.at, `${end - walk.at} bytes of ${bytes}`);
  walk.at += bytes;
}

function damaged(at: number, actual: string): SystoleError {
  return new SystoleError('onnx-truncated', 'the ONNX file ends early or is damaged', { where: `byte ${at}`, actual });
}

function tooLarge(what: string, actual: number, limit: number): SystoleError {
  return new SystoleError('onnx-too-large', `the ONNX file declares too many ${what}`, {
    expected: `at most ${limit}`,
    actual: `${actual}`,
  });
}
