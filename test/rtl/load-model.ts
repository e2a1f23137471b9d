/** LOAD as docs/machine.md says it, with no thought of cycles or hardware. */
export interface Load {
  readonly fold: boolean;
  readonly group: number;
  readonly base: number;
  readonly counter: number;
  readonly planes: number;
  readonly planeStride: number;
  readonly rows: number;
  readonly rowCodes: number;
  readonly pixels: number;
  readonly pixelCodes: number;
  readonly padCode: number;
  readonly virtualRows: number;
  readonly padTop: number;
  readonly kernelRows: number;
  readonly rowStride: number;
  readonly foldRows: number;
  readonly foldRowPitch: number;
  readonly foldPixelPitch: number;
  readonly codeBytes: number;
  readonly beats: number;
  readonly last: boolean;
}

export interface LoadWrite {
  readonly address: number;
  readonly digits: readonly number[];
  /** The counter goes up with this write. */
  readonly rowDone: boolean;
}

/** The writes of one input, in order. `frame` has rows * rowCodes codes. */
export function loadWrites(load: Load, frame: Uint16Array, chunkCodes: number, digitBits: number): LoadWrite[] {
  return load.fold ? foldWrites(load, frame, digitBits) : denseWrites(load, frame, chunkCodes, digitBits);
}

const digit = (code: number, plane: number, bits: number) => (code >> (plane * bits)) & (2 ** bits - 1);

function denseWrites(load: Load, frame: Uint16Array, chunkCodes: number, bits: number): LoadWrite[] {
  const writes: LoadWrite[] = [];
  for (let row = 0; row < load.rows; row += 1) {
    for (let at = 0; at < load.rowCodes; at += chunkCodes) {
      const end = Math.min(at + chunkCodes, load.rowCodes);
      const start = row * load.rowCodes;
      for (let plane = 0; plane < load.planes; plane += 1) {
        writes.push({
          address: load.base + start + at + plane * load.planeStride,
          digits: [...frame.subarray(start + at, start + end)].map((code) => digit(code, plane, bits)),
          rowDone: end === load.rowCodes && plane === load.planes - 1,
        });
      }
    }
  }
  return writes;
}

function foldWrites(load: Load, frame: Uint16Array, bits: number): LoadWrite[] {
  const writes: LoadWrite[] = [];
  for (let v = 0; v < load.virtualRows; v += 1) {
    const row = v - load.padTop;
    const last = { x: -1, index: -1 };
    for (let x = 0; x < load.pixels; x += 1) {
      const start = row * load.rowCodes + x * load.pixelCodes;
      const inside = row >= 0 && row < load.rows;
      const codes = Array.from({ length: load.pixelCodes }, (_, i) => (inside ? frame[start + i]! : load.padCode));
      for (let ky = 0; ky < load.kernelRows; ky += 1) {
        const oy = (v - ky) / load.rowStride;
        if (!Number.isInteger(oy) || oy < 0 || oy >= load.foldRows) continue;
        for (let plane = 0; plane < load.planes; plane += 1) {
          const address =
            load.base +
            oy * load.foldRowPitch +
            x * load.foldPixelPitch +
            ky * load.pixelCodes +
            plane * load.planeStride;
          last.index =
            writes.push({ address, digits: codes.map((code) => digit(code, plane, bits)), rowDone: false }) - 1;
        }
      }
    }
    const complete = (v - load.kernelRows + 1) / load.rowStride;
    if (Number.isInteger(complete) && complete >= 0 && complete < load.foldRows) {
      writes[last.index] = { ...writes[last.index]!, rowDone: true };
    }
  }
  return writes;
}
