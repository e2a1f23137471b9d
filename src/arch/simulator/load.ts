import { SystoleError } from '../../base/error.js';
import type { LoadRecord } from '../program/program.js';
import { nextRow } from '../program/row-pointer.js';
import { FORGOTTEN, requireInside } from './activation-memory.js';
import { takeCounter } from './row-counters.js';
import type { FrameState, LoadedProgram } from './state.js';

/** Bytes of the stream before the padding of its last beat. */
function loadBytes({ rows, rowCodes, codeBits }: LoadRecord['fields']): number {
  return Math.ceil((rows * rowCodes * codeBits) / 8);
}

/**
 * The bytes of a frame for each of its LOAD records: every input begins on a fresh beat.
 * @param loads of one frame, in order
 * @throws SystoleError frame-short, frame-long
 */
export function divideFrame(loads: readonly LoadRecord[], frame: Uint8Array, inBytes: number): readonly Uint8Array[] {
  let at = 0;
  const parts = loads.map(({ fields }) => {
    const part = frame.subarray(at, at + loadBytes(fields));
    at += fields.last === 1 ? loadBytes(fields) : fields.beats * inBytes;
    return part;
  });
  if (frame.length === at) return parts;
  const detail = { expected: `${at} bytes`, actual: `${frame.length} bytes` };
  if (frame.length < at) throw new SystoleError('frame-short', 'the input frame ended early', detail);
  throw new SystoleError('frame-long', 'the input frame did not end where it should', detail);
}

/** An input on its way into activation memory: a circular buffer takes its rows as room for them appears. */
export interface Loading {
  readonly record: LoadRecord;
  /** Of the record. */
  readonly index: number;
  readonly codes: Uint16Array;
  /** Rows stored so far, and where the next one begins. */
  row: number;
  start: number;
}

/**
 * LOAD: one input, NHWC, into activation memory (docs/machine.md, LOAD), as far as there is room.
 * @param bytes of its codes
 * @throws SystoleError plan-invalid
 */
export function runLoad(
  record: LoadRecord,
  index: number,
  bytes: Uint8Array,
  program: LoadedProgram,
  state: FrameState,
): void {
  const { fields } = record;
  takeCounter(state.counters, fields.counter, index);
  if (fields.room === 1) takeCounter(state.counters, fields.roomCounter, index);
  const codes = streamCodes(bytes, fields.codeBits);
  state.loading.push({ record, index, codes, row: 0, start: fields.base });
  continueLoads(program, state);
}

/** Stores the rows for which FEED has made room since; an input begins when all of the one before is in. */
export function continueLoads(program: LoadedProgram, state: FrameState): void {
  state.loading.every((loading) => storeRows(loading, program, state));
}

/** The LOAD of the frame behind: from here on the input's place holds something else, and nobody may wait for its rows. */
export function nextFrame(record: LoadRecord, index: number, program: LoadedProgram, state: FrameState): void {
  runLoad(record, index, new Uint8Array(loadBytes(record.fields)).fill(FORGOTTEN), program, state);
  state.counters.value[record.fields.counter] = 0;
}

/** Codes of a stream: 1, 2 or 4 bits packed from the lowest bit on, bytes, or two bytes each, the lower one first. */
function streamCodes(bytes: Uint8Array, codeBits: number): Uint16Array {
  if (codeBits === 16)
    return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
  const perByte = 8 / codeBits;
  const mask = 2 ** codeBits - 1;
  return Uint16Array.from(
    { length: bytes.length * perByte },
    (_, i) => (bytes[Math.floor(i / perByte)]! >> (codeBits * (i % perByte))) & mask,
  );
}

/** True when all of it is in. */
function storeRows(loading: Loading, program: LoadedProgram, state: FrameState): boolean {
  const { fields } = loading.record;
  const { rows, rowCodes, padTop, padBottom, padLeft, padRight, padCode } = fields;
  const store = storeCode(loading.record, loading.index, program, state);
  const { value } = state.counters;
  const room = (): boolean => fields.room === 0 || loading.row < fields.roomRows + value[fields.roomCounter]!;
  for (; loading.row < padTop + rows + padBottom && room(); loading.row++) {
    const row = loading.row - padTop;
    const mirrored = loading.start < fields.mirrorEnd;
    for (let i = 0; i < padLeft + rowCodes + padRight; i++) {
      const inside = row >= 0 && row < rows && i >= padLeft && i < padLeft + rowCodes;
      const code = inside ? loading.codes[row * rowCodes + i - padLeft]! : padCode;
      store(loading.start + i, code, loading.row);
      if (mirrored) store(loading.start + fields.bufferSize + i, code, loading.row);
    }
    value[fields.counter]! += 1;
    loading.start = nextRow(loading.start, fields);
  }
  return loading.row === padTop + rows + padBottom;
}

type Store = (addr: number, code: number, row: number) => void;

function storeCode(
  { fields }: Pick<LoadRecord, 'fields'>,
  index: number,
  program: LoadedProgram,
  state: FrameState,
): Store {
  const { activationDigit } = program.machine;
  const mask = 2 ** activationDigit - 1;
  const digits = state.memory.digits[fields.group]!;
  const owner = state.memory.owner[fields.group]!;
  const rows = state.memory.row[fields.group]!;
  return (addr, code, row) => {
    requireInside(state.memory, addr, addr + (fields.planes - 1) * fields.planeStride + 1, 'LOAD');
    for (let plane = 0; plane < fields.planes; plane++) {
      const at = addr + plane * fields.planeStride;
      digits[at] = (code >> (plane * activationDigit)) & mask;
      owner[at] = index;
      rows[at] = row;
    }
  };
}
