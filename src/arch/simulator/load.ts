import { SystoleError } from '../../base/error.js';
import type { LoadRecord } from '../program/program.js';
import { FORGOTTEN, requireInside } from './activation-memory.js';
import { takeCounter } from './row-counters.js';
import type { FrameState, LoadedProgram } from './state.js';

/** Bytes of the stream before the padding of its last beat. */
function loadBytes({ rows, pixels, pixelCodes, codeBytes }: LoadRecord['fields']): number {
  return rows * pixels * pixelCodes * codeBytes;
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

/**
 * LOAD: one input, NHWC, into activation memory (docs/machine.md, LOAD).
 * @param bytes of its codes, little endian
 * @throws SystoleError plan-invalid
 */
export function runLoad(
  { fields }: LoadRecord,
  index: number,
  bytes: Uint8Array,
  program: LoadedProgram,
  state: FrameState,
): void {
  const codes = fields.rows * fields.pixels * fields.pixelCodes;
  const frame = fields.codeBytes === 1 ? bytes : wideCodes(bytes);
  takeCounter(state.counters, fields.counter, index);
  const store = storeCode({ fields }, index, program, state);
  if (fields.fold === 0) {
    for (let i = 0; i < codes; i++) store(fields.base + i, frame[i]!, Math.floor(i / fields.rowCodes));
    state.counters.value[fields.counter] = fields.rows;
    return;
  }
  for (let v = 0; v < fields.virtualRows; v++) foldRow({ fields }, v, frame, store, state);
}

/** The LOAD of the frame behind: from here on the input's place holds something else, and nobody may wait for its rows. */
export function nextFrame(record: LoadRecord, index: number, program: LoadedProgram, state: FrameState): void {
  runLoad(record, index, new Uint8Array(loadBytes(record.fields)).fill(FORGOTTEN), program, state);
  state.counters.value[record.fields.counter] = 0;
}

function wideCodes(bytes: Uint8Array): Uint16Array {
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
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

/** Virtual row v goes to every kernel row that covers it. */
function foldRow(
  { fields }: Pick<LoadRecord, 'fields'>,
  v: number,
  frame: Uint8Array | Uint16Array,
  store: Store,
  state: FrameState,
): void {
  const row = v - fields.padTop;
  const real = row >= 0 && row < fields.rows;
  for (let ky = 0; ky < fields.kernelRows; ky++) {
    const oy = (v - ky) / fields.rowStride;
    if (!Number.isInteger(oy) || oy < 0 || oy >= fields.foldRows) continue;
    if (ky === fields.kernelRows - 1) state.counters.value[fields.counter]! += 1;
    const base = fields.base + oy * fields.foldRowPitch + ky * fields.pixelCodes;
    for (let x = 0; x < fields.pixels; x++) {
      for (let c = 0; c < fields.pixelCodes; c++) {
        const code = real ? frame[(row * fields.pixels + x) * fields.pixelCodes + c]! : fields.padCode;
        store(base + x * fields.foldPixelPitch + c, code, oy);
      }
    }
  }
}
