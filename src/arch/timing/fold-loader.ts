/** Cycle model of systole_fold_loader.v under an ideal stream: the same registers, no data. */
import type { LoaderCycle, LoadTiming } from './loader.js';

export function foldLoaderModel(lanes: number, inBytes: number) {
  const most = Math.max(lanes, inBytes);
  let load: LoadTiming | null = null;
  let fill = 0;
  let beatsLeft = 0;
  let chunk = 0;
  let rest = 0;
  let rowsLeft = 0;
  let padLeft = 0;
  let virtualLeft = 0;
  let plane = 0;
  let oy = 0;
  let ky = 0;
  let oy0 = 0;
  let ky0 = 0;
  let foldLeft = 0;
  let completeIn = 0;

  const fromStream = (): boolean => padLeft === 0 && rowsLeft !== 0;
  const starved = (): boolean => fromStream() && fill < chunk * load!.codeBytes;
  const nextChunk = ({ fold, pixelCodes, codeBytes }: LoadTiming): number =>
    fold ? pixelCodes : Math.min(lanes, Math.max(inBytes / codeBytes, 1), rest);

  function begin(record: LoadTiming): void {
    load = record;
    fill = 0;
    beatsLeft = record.beats;
    rest = record.fold ? record.pixels : record.rowCodes;
    chunk = nextChunk(record);
    rowsLeft = record.rows;
    padLeft = record.fold ? record.padTop : 0;
    virtualLeft = record.virtualRows;
    plane = 0;
    oy = ky = oy0 = ky0 = 0;
    foldLeft = record.foldRows;
    completeIn = record.kernelRows - 1;
  }

  /** The end of a row: returns whether it completes a row of the tensor. */
  function endRow(record: LoadTiming): boolean {
    const completes = !record.fold || (completeIn === 0 && foldLeft !== 0);
    virtualLeft -= 1;
    if (padLeft !== 0) padLeft -= 1;
    else if (rowsLeft !== 0) rowsLeft -= 1;
    const moves = ky0 + 1 === record.rowStride && oy0 + 1 !== record.foldRows;
    oy0 = moves ? oy0 + 1 : oy0;
    ky0 = moves ? 0 : ky0 + 1;
    if (completeIn === 0 && foldLeft !== 0) foldLeft -= 1;
    completeIn = completeIn === 0 ? record.rowStride - 1 : completeIn - 1;
    return completes;
  }

  return {
    wantsWrite: () => load !== null && !starved() && (!load.fold || ky0 < load.kernelRows),

    /** `firstBeat`: a beat is taken. */
    step(record: LoadTiming | null, writeReady: boolean, streamValid: boolean): LoaderCycle {
      if (load === null) {
        if (record !== null) begin(record);
        return { firstBeat: false, rowDone: false, done: false };
      }
      const active = load;
      const stream = fromStream();
      const isStarved = starved();
      const writes = !active.fold || ky0 < active.kernelRows;
      const steps = !isStarved && (writeReady || !writes);
      const lastPlane = !writes || plane + 1 === active.planes;
      const lastEntry = !active.fold || !writes || oy === 0 || ky + active.rowStride >= active.kernelRows;
      const chunkEnd = steps && lastPlane && lastEntry;
      const rowEnd = chunkEnd && rest === (active.fold ? 1 : chunk);
      const done = rowEnd && (active.fold ? virtualLeft : rowsLeft) === 1;
      const take = streamValid && beatsLeft > 0 && padLeft === 0 && fill <= most;

      if (chunkEnd && stream) fill -= chunk * active.codeBytes;
      if (take) {
        fill += inBytes;
        beatsLeft -= 1;
      }
      let rowDone = false;
      if (chunkEnd) {
        plane = 0;
        rest = rowEnd ? (active.fold ? active.pixels : active.rowCodes) : rest - (active.fold ? 1 : chunk);
        chunk = nextChunk(active);
        if (rowEnd) rowDone = endRow(active);
        oy = oy0;
        ky = ky0;
      } else if (steps && lastPlane) {
        plane = 0;
        oy -= 1;
        ky += active.rowStride;
      } else if (steps) {
        plane += 1;
      }
      if (done) load = null;
      return { firstBeat: take, rowDone, done };
    },
  };
}
