import { SystoleError } from '../../base/error.js';
import type { LoadRecord } from '../program/program.js';
import { FORGOTTEN, requireInside } from './activation-memory.js';
import { takeCounter } from './row-counters.js';
import type { FrameState, LoadedProgram } from './state.js';

/**
 * LOAD: one frame of codes, a byte each, NHWC, into activation memory (docs/machine.md, LOAD).
 * @throws SystoleError frame-short, frame-long, plan-invalid
 */
export function runLoad(
  { fields }: LoadRecord,
  index: number,
  frame: Uint8Array,
  program: LoadedProgram,
  state: FrameState,
): void {
  const codes = fields.rows * fields.pixels * fields.pixelCodes;
  if (frame.length !== codes) {
    const detail = { expected: `${codes} codes`, actual: `${frame.length} codes` };
    if (frame.length < codes) throw new SystoleError('frame-short', 'the input frame ended early', detail);
    throw new SystoleError('frame-long', 'the input frame did not end where it should', detail);
  }
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
  const { rows, pixels, pixelCodes, counter } = record.fields;
  runLoad(record, index, new Uint8Array(rows * pixels * pixelCodes).fill(FORGOTTEN), program, state);
  state.counters.value[counter] = 0;
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
  frame: Uint8Array,
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
