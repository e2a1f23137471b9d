/** Cycle model of systole_loader.v under an ideal stream: the same registers, no data (docs/timing.md, Loader). */
import type { Fields } from '../program/program.js';
import { type LoadChunk, loadWalk } from './load-walk.js';

export type LoadTiming = Omit<Fields<'load'>, 'last' | 'room'> & {
  /** The frame ends with this input. */
  readonly last: boolean;
  readonly room: boolean;
};

export interface LoaderCycle {
  /** The frame's first beat is accepted in this cycle. */
  readonly firstBeat: boolean;
  readonly rowDone: boolean;
  readonly done: boolean;
}

/** What the loader sees in a cycle. */
export interface LoaderInputs {
  /** The active LOAD record. */
  readonly record: LoadTiming | null;
  readonly writeReady: boolean;
  /** A beat is offered if one is left. */
  readonly streamValid: boolean;
  /** Value of the record's room counter. */
  readonly roomCount: number;
}

export interface LoaderModel {
  /** Whether a write is asked for in this cycle (before step). */
  wantsWrite(): boolean;
  /** One clock edge. */
  step(inputs: LoaderInputs): LoaderCycle;
}

/** Cells (codes, or bytes of 16-bit codes) that go into the gearbox at once, and how often for one beat. */
function beatCells(
  codeBits: number,
  lanes: number,
  inBytes: number,
): { readonly cells: number; readonly times: number } {
  const all = (8 * inBytes) / Math.min(codeBits, 8);
  const cells = Math.min(all, lanes);
  return { cells, times: all / cells };
}

export function loaderModel(lanes: number, inBytes: number): LoaderModel {
  let begun = false;
  let load: LoadTiming | null = null;
  let walk: Iterator<LoadChunk, undefined> | null = null;
  let chunk: LoadChunk | undefined;
  let plane = 0;
  let level = 0;
  let moreFills = 0;
  let beatsLeft = 0;
  let roomRows = 0;
  /** The write that waits for the memory. */
  let write: { readonly rowDone: boolean; readonly done: boolean } | null = null;

  function begin(record: LoadTiming): void {
    load = record;
    walk = loadWalk(record, lanes);
    chunk = walk.next().value;
    plane = level = moreFills = 0;
    beatsLeft = record.beats;
  }

  function step({ record, writeReady, streamValid, roomCount }: LoaderInputs): LoaderCycle {
    const granted = write !== null && writeReady ? write : null;
    const result = { rowDone: granted?.rowDone === true, done: granted?.done === true };
    const active = load;
    if (active === null || chunk === undefined) {
      if (write === null && record !== null) begin(record);
      if (granted !== null) write = null;
      if (granted?.done) {
        if (load?.last) begun = false;
        load = null;
      }
      if (record !== null) roomRows = record.roomRows + roomCount;
      return { firstBeat: false, ...result };
    }
    const { cells, times } = beatCells(active.codeBits, lanes, inBytes);
    const needed = chunk.stream ? chunk.codes * (active.codeBits === 16 ? 2 : 1) : 0;
    const blocked = active.room && chunk.row >= roomRows;
    const steps = level >= needed && !blocked && (write === null || writeReady);
    const lastPlane = plane + 1 === active.planes * (chunk.mirrored ? 2 : 1);
    const hasRoom = level <= 3 * lanes;
    const take = streamValid && hasRoom && moreFills === 0 && beatsLeft > 0 && !chunk.above;

    if (granted !== null) write = null;
    if (take || (moreFills > 0 && hasRoom)) level += cells;
    if (moreFills > 0 && hasRoom) moreFills -= 1;
    const firstBeat = take && !begun;
    if (take) {
      moreFills = times - 1;
      beatsLeft -= 1;
      begun = true;
    }
    if (steps) {
      write = { rowDone: lastPlane && chunk.rowEnd, done: lastPlane && chunk.end };
      plane = lastPlane ? 0 : plane + 1;
      if (lastPlane) {
        level -= needed;
        chunk = walk!.next().value;
      }
    }
    roomRows = active.roomRows + roomCount;
    return { firstBeat, ...result };
  }

  return {
    wantsWrite: () => write !== null,
    step,
  };
}
