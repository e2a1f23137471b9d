import type { PostRecord } from '../program/program.js';
import { broken, requireInside } from './activation-memory.js';
import type { Tile } from './feed.js';
import type { FeedRun } from './feed-rows.js';
import { takeCounter } from './row-counters.js';
import { counts, slotValues } from './slot-values.js';
import type { FrameState, LoadedProgram } from './state.js';

/** One POST record at work. */
export interface PostUnit {
  /** Slots of one tile; acc is [row][column]. */
  readonly tile: (tile: Tile, acc: Int32Array) => void;
  readonly rowDone: () => void;
  readonly done: () => void;
}

export interface PostContext {
  readonly post: PostRecord;
  readonly feed: FeedRun;
  /** Index of the POST record in the program, and among the POST records. */
  readonly index: number;
  readonly layer: number;
  readonly program: LoadedProgram;
  readonly state: FrameState;
}

export function postUnit(context: PostContext): PostUnit {
  const { post, program, state } = context;
  const { fields } = post;
  const { cols, postWidth } = program.machine;
  const pooled = new Int32Array(fields.pixelsPerTile * cols);
  if (fields.count) takeCounter(state.counters, fields.outCounter, context.index);

  function slot(tile: Tile, r: number, j: number, acc: Int32Array): void {
    const pixel = tile.ox * fields.pixelsPerTile + r;
    const lastSlot = tile.ct === fields.nCt - 1 && j === fields.slotsLast - 1;
    const count = pixel >= fields.outCols ? 0 : lastSlot ? fields.tailCount : postWidth;
    if (count === 0) return;
    const values = slotValues(context, tile, r, j, acc, count);
    if (fields.poolEnable && !pool(fields, tile, r, j * postWidth, values, pooled.subarray(r * cols))) return;
    if (fields.toStream) stream(fields, values, state);
    else write(context, tile, r, j, values);
  }

  return {
    tile: (tile, acc) => {
      const slots = tile.ct === fields.nCt - 1 ? fields.slotsLast : fields.slotsFull;
      for (let r = 0; r < fields.pixelsPerTile; r++) for (let j = 0; j < slots; j++) slot(tile, r, j, acc);
    },
    rowDone: () => {
      if (fields.count) state.counters.value[fields.outCounter]! += 1;
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
function pool(
  fields: PostRecord['fields'],
  tile: Tile,
  r: number,
  column: number,
  values: number[],
  pooled: Int32Array,
): boolean {
  const first = tile.wy === 0 && tile.wx === 0;
  const valid = counts(fields, tile, r);
  values.forEach((value, i) => {
    const before = first ? 0 : pooled[column + i]!;
    values[i] = Math.max(before, valid ? value : 0);
    pooled[column + i] = values[i]!;
  });
  return tile.wy === fields.nWy - 1 && tile.wx === fields.nWx - 1;
}

function stream(fields: PostRecord['fields'], values: readonly number[], state: FrameState): void {
  for (const value of values) {
    for (let byte = 0; byte < fields.elementBytes; byte++) state.output.push((value >> (8 * byte)) & 0xff);
  }
}

function write(context: PostContext, tile: Tile, r: number, j: number, values: readonly number[]): void {
  const { post, program, state, layer } = context;
  const { fields } = post;
  const { activationDigit, cols, postWidth } = program.machine;
  const mask = 2 ** activationDigit - 1;
  const pixel = fields.dBase + tile.oy * fields.dOy + tile.ox * fields.dOx + r * fields.dRow;
  for (let plane = 0; plane < fields.planes; plane++) {
    const addr = pixel + tile.ct * cols + j * postWidth + plane * fields.dPlane;
    requireInside(state.memory, addr, addr + values.length, 'POST');
    const digits = Uint8Array.from(values, (value) => (value >> (plane * activationDigit)) & mask);
    refuseEarlyWrite(context, addr, values.length);
    state.memory.digits[fields.group]!.set(digits, addr);
    state.memory.owner[fields.group]!.fill(context.index, addr, addr + values.length);
    state.memory.row[fields.group]!.fill(tile.oy, addr, addr + values.length);
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
