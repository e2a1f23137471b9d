/** LOAD as docs/machine.md says it, with no thought of cycles or hardware. */
import type { LoadTiming } from '../../src/arch/timing/loader.js';

export type Load = LoadTiming;

export interface LoadWrite {
  readonly address: number;
  readonly digits: readonly number[];
  /** The counter goes up with this write. */
  readonly rowDone: boolean;
}

/** The writes of one input, in order. `frame` has rows * rowCodes codes. */
export function loadWrites(load: Load, frame: Uint16Array, lanes: number, digitBits: number): LoadWrite[] {
  const chunkCodes = load.codeBits === 16 ? lanes / 2 : lanes;
  const codes = storedRows(load, frame);
  const writes: LoadWrite[] = [];
  let start = load.base;
  for (const parts of codes) {
    let at = start;
    for (const part of parts) {
      for (let i = 0; i < part.length; i += chunkCodes) {
        const chunk = part.slice(i, i + chunkCodes);
        for (const place of start < load.mirrorEnd ? [at, at + load.bufferSize] : [at]) {
          for (let plane = 0; plane < load.planes; plane += 1) {
            const digits = chunk.map((code) => (code >> (plane * digitBits)) & (2 ** digitBits - 1));
            writes.push({ address: place + plane * load.planeStride, digits, rowDone: false });
          }
        }
        at += chunk.length;
      }
    }
    writes.push({ ...writes.pop()!, rowDone: true });
    start += load.rowPitch;
    if (load.bufferSize > 0 && start >= load.bufferEnd) start -= load.bufferSize;
  }
  return writes;
}

/** Codes of the stored rows: left of the map, the map's, right of it. */
function storedRows(load: Load, frame: Uint16Array): number[][][] {
  const { padTop, padBottom, padLeft, padRight, rows, rowCodes, padCode } = load;
  const pad = (length: number) => new Array<number>(length).fill(padCode);
  return Array.from({ length: padTop + rows + padBottom }, (_, v) => {
    const row = v - padTop;
    const inside = row >= 0 && row < rows;
    const map = inside ? [...frame.subarray(row * rowCodes, (row + 1) * rowCodes)] : pad(rowCodes);
    return [pad(padLeft), map, pad(padRight)];
  });
}
