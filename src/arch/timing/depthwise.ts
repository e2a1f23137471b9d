/**
 * Cycle model of systole_depthwise.v: when a read is granted, an output written, a row counted. Only what decides is kept:
 * the loops' counts, which pixels lie in the map, and what is on its way.
 */
import type { Machine } from '../machine.js';
import type { Fields } from '../program/program.js';

export type DepthwiseTiming = Fields<'depthwise'>;

/** From a read's grant to the first cycle in which its output's first slot can be written. */
const GRANT_TO_WRITE = 11;

export interface DepthwiseCycle {
  /** The record's last read has been handed on: the next record may become active. */
  readonly done: boolean;
  /** A read is granted; a slot is written. */
  readonly grants: boolean;
  readonly pops: boolean;
  /** Counter that goes up at the end of this cycle, or -1. */
  readonly counter: number;
  /** Something moved. */
  readonly busy: boolean;
}

/** What other units do in this cycle. */
export interface DepthwiseSurroundings {
  /** Count of the active record's input, at the cycle's start. */
  readonly count: number;
  /** The POST records before the active record are active. */
  readonly settled: boolean;
  /** Groups that FEED, the residual, the writer and LOAD read and write in this cycle; -1: none. */
  readonly feedGroup: number;
  readonly residualGroup: number;
  readonly writerGroup: number;
  readonly loaderGroup: number;
}

export interface DepthwiseModel {
  /** One clock edge. `record` is active in this cycle; `moves`: the next one becomes active with the edge, if not null. */
  step(record: DepthwiseTiming | null, around: DepthwiseSurroundings): DepthwiseCycle;
  /** Called behind step when a record becomes active with this edge. */
  begin(record: DepthwiseTiming): void;
  /** Nothing is on its way. */
  empty(): boolean;
}

interface Request {
  readonly group: number;
  readonly inside: boolean;
  /** Slots of the output it completes; 0: it completes none. */
  readonly slots: number;
  readonly rowEnd: boolean;
  readonly dGroup: number;
  readonly counter: number;
}

interface Entry {
  readonly from: number;
  readonly group: number;
  /** -1 where it does not end a row. */
  readonly counter: number;
}

/** Places of the unit's FIFO. */
export function depthwiseEntries({ lanes, depthwise }: Machine): number {
  return 2 ** Math.ceil(Math.log2((2 * lanes) / depthwise!.postWidth + 16));
}

export function depthwiseModel(machine: Machine): DepthwiseModel {
  const all = machine.depthwise === null ? 0 : depthwiseEntries(machine);
  let cycle = 0;
  let credits = all;
  let gap = 0;
  let request: Request | null = null;
  const entries: Entry[] = [];
  let head = 0;
  /** The count and whether the record may begin, as registers hold them: a cycle late. */
  let count = 0;
  let settled = false;
  let at = { oy: 0, g: 0, c: 0, ky: 0, kx: 0, untilOut: 0 };

  function next(record: DepthwiseTiming): { request: Request; done: boolean } {
    const { oy, g, c, ky, kx, untilOut } = at;
    const y = record.yBase + oy * record.yOy + ky * record.yKy;
    const x = record.xBase + c * record.xC + kx * record.xKx;
    const columnEnd = ky === record.nKy - 1 && kx === record.nKx - 1;
    const groupLast = g === record.nG - 1;
    const rowEnd = columnEnd && c === record.nC - 1 && groupLast;
    const out = columnEnd && untilOut === 0;
    advance(record, columnEnd, out);
    return {
      request: {
        group: record.group,
        inside: y >= 0 && y < record.yMax && x + record.pair >= 0 && x < record.xMax,
        slots: !out ? 0 : groupLast ? record.slotsLast : record.slotsFull,
        rowEnd,
        dGroup: record.dGroup,
        counter: record.outCounter,
      },
      done: rowEnd && oy === record.nOy - 1,
    };
  }

  function advance(record: DepthwiseTiming, columnEnd: boolean, out: boolean): void {
    at.kx += 1;
    if (at.kx < record.nKx) return;
    at.kx = 0;
    at.ky += 1;
    if (!columnEnd) return;
    at.ky = 0;
    at.c += 1;
    at.untilOut = out ? record.outStep - 1 : at.untilOut - 1;
    if (at.c < record.nC) return;
    at.c = 0;
    at.untilOut = record.outFirst;
    at.g += 1;
    if (at.g < record.nG) return;
    at.g = 0;
    at.oy += 1;
  }

  function grants(around: DepthwiseSurroundings): boolean {
    if (request === null) return false;
    if (request.slots > 0 && (gap !== 0 || credits < request.slots)) return false;
    return !request.inside || (around.feedGroup !== request.group && around.residualGroup !== request.group);
  }

  return {
    step(record, around) {
      const entry = entries[head];
      const writes = entry !== undefined && entry.from <= cycle;
      const pops = writes && around.writerGroup !== entry.group && around.loaderGroup !== entry.group;
      const grant = grants(around);
      const need = record === null ? 0 : Math.min(record.inNeed0 + at.oy * record.inNeedStep, record.inRows);
      const issue = record !== null && settled && count >= need && (request === null || grant);

      const granted = grant ? request : null;
      if (gap > 0) gap -= 1;
      if (granted !== null && granted.slots > 0) {
        gap = granted.slots - 1;
        credits -= granted.slots;
        for (let j = 0; j < granted.slots; j++) {
          const last = j === granted.slots - 1 && granted.rowEnd;
          entries.push({
            from: cycle + GRANT_TO_WRITE + j,
            group: granted.dGroup,
            counter: last ? granted.counter : -1,
          });
        }
      }
      if (pops) {
        credits += 1;
        head += 1;
        if (head === 1024) head -= entries.splice(0, head).length;
      }
      if (grant) request = null;
      let done = false;
      if (issue) {
        const issued = next(record);
        request = issued.request;
        done = issued.done;
      }
      count = around.count;
      settled = record !== null && !done && around.settled;
      cycle += 1;
      return { done, grants: grant, pops, counter: pops ? entry.counter : -1, busy: grant || pops || issue };
    },
    begin(record) {
      at = { oy: 0, g: 0, c: 0, ky: 0, kx: 0, untilOut: record.outFirst };
    },
    empty: () => request === null && credits === all,
  };
}
