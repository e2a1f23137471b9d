import type { Fields } from '../program/program.js';
import { broken, requireInside } from './activation-memory.js';
import { rowsFound } from './covered-reads.js';
import type { Tile } from './feed.js';
import type { FeedRun } from './feed-rows.js';
import { destination, outputPixel, type PostRun, poolCounts } from './post-rows.js';
import { finishRows, takeCounter } from './row-counters.js';
import { slotValues } from './slot-values.js';
import type { FrameState, LoadedProgram } from './state.js';

/** One POST record at work. */
export interface PostUnit {
  /** Slots of one tile; acc is [row][column]. */
  readonly tile: (tile: Tile, acc: Int32Array) => void;
  /** The tiles of an oy are done, in column tile co. */
  readonly rowDone: (co: number) => void;
  readonly done: () => void;
}

export interface PostContext {
  readonly post: PostRun;
  readonly feed: FeedRun;
  /** POST records finished in this frame. */
  readonly layer: number;
  readonly program: LoadedProgram;
  readonly state: FrameState;
}

export function postUnit(context: PostContext): PostUnit {
  const { post, program, state } = context;
  const { fields } = post;
  const { cols, postWidth } = program.machine;
  const pooled = new Int32Array(fields.pixelsPerTile * cols);
  const lastTile = fields.nCo + fields.nCt - 2;
  if (fields.count && !fields.resume) takeCounter(state.counters, fields.outCounter, post.start.owner);
  let found = rowsFound();

  function slot(tile: Tile, r: number, j: number, acc: Int32Array): void {
    const { row, column } = outputPixel(post, tile, r);
    if (row >= fields.outRows || column >= fields.outCols) return;
    const count = tile.c === lastTile && j === fields.slotsLast - 1 ? fields.tailCount : postWidth;
    const values = slotValues({ ...context, found }, tile, r, j, acc, count);
    if (fields.poolEnable && !pool(post, tile, r, j * postWidth, values, pooled.subarray(r * cols))) return;
    if (fields.toStream) stream(fields, values, state);
    else write(context, tile, r, j, row, values);
  }

  return {
    tile: (tile, acc) => {
      const slots = tile.c === lastTile ? fields.slotsLast : fields.slotsFull;
      for (let r = 0; r < fields.pixelsPerTile; r++) for (let j = 0; j < slots; j++) slot(tile, r, j, acc);
    },
    rowDone: (co) => {
      const counted = fields.count === 1 && co === fields.nCo - 1;
      finishRows(state.counters, counted ? fields.outCounter : null, fields.countStep);
      found = rowsFound();
    },
    done: () => {
      if (fields.toStream && !fields.last) fillBeat(program.machine.stream.outBytes, state.output);
    },
  };
}

/** The next output begins on a fresh beat. */
function fillBeat(outBytes: number, output: number[]): void {
  while (output.length % outBytes !== 0) output.push(0);
}

/** Max over the window in `values`; true when the window is complete. */
function pool(post: PostRun, tile: Tile, r: number, column: number, values: number[], pooled: Int32Array): boolean {
  const first = tile.wy === 0 && tile.wx === 0;
  const valid = poolCounts(post, tile, r);
  values.forEach((value, i) => {
    const before = first ? 0 : pooled[column + i]!;
    values[i] = Math.max(before, valid ? value : 0);
    pooled[column + i] = values[i]!;
  });
  return tile.wy === post.fields.nWy - 1 && tile.wx === post.fields.nWx - 1;
}

function stream(fields: Fields<'post'>, values: readonly number[], state: FrameState): void {
  for (const value of values) {
    for (let byte = 0; byte < fields.elementBytes; byte++) state.output.push((value >> (8 * byte)) & 0xff);
  }
}

function write(context: PostContext, tile: Tile, r: number, j: number, row: number, values: readonly number[]): void {
  const { post, program, state, layer } = context;
  const { fields, start } = post;
  const { activationDigit, cols, postWidth } = program.machine;
  const { memory, counters } = state;
  const mask = 2 ** activationDigit - 1;
  const first = destination(post, tile, r) + tile.c * cols + j * postWidth;
  for (let plane = 0; plane < fields.planes; plane++) {
    const addr = first + plane * fields.dPlane;
    const end = addr + values.length;
    requireInside(memory, addr, end, 'POST');
    const digits = Uint8Array.from(values, (value) => (value >> (plane * activationDigit)) & mask);
    refuseEarlyWrite(context, addr, values.length);
    memory.digits[fields.group]!.set(digits, addr);
    memory.owner[fields.group]!.fill(start.owner, addr, end);
    memory.row[fields.group]!.fill(row, addr, end);
    memory.turn[fields.group]!.fill(counters.finished, addr, end);
    state.onWrite?.({ layer, plane, group: fields.group, addr, digits });
  }
}

/** LOAD may still be writing the rows nobody has waited for. */
function refuseEarlyWrite({ post, program, state }: PostContext, addr: number, count: number): void {
  const { group } = post.fields;
  for (let at = addr; at < addr + count; at++) {
    const load = state.memory.owner[group]![at]!;
    const record = program.records[load];
    if (record?.opcode !== 'load') continue;
    const { counter } = record.fields;
    const waited = state.counters.owner[counter] === load ? state.counters.waited[counter]! : Number.POSITIVE_INFINITY;
    if (state.memory.row[group]![at]! < waited) continue;
    throw broken(`POST writes code ${at} of group ${group}, which LOAD may not have written yet`);
  }
}
