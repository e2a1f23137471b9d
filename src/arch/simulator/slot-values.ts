/** Values of POST's slots: product, requantization, table (docs/machine.md, POST). */
import type { Fields } from '../program/program.js';
import { broken, requireInside } from './activation-memory.js';
import { isCovered, type RowsFound, rowWait, tagAt } from './covered-reads.js';
import type { Tile } from './feed.js';
import { type FeedRun, residualNeed } from './feed-rows.js';
import { type PostRun, poolCounts, residualPlace } from './post-rows.js';
import { requantize } from './requantize.js';
import type { FrameState, LoadedProgram } from './state.js';

/** What of a POST record's surroundings its values depend on. */
interface ValueContext {
  readonly post: PostRun;
  readonly feed: FeedRun;
  /** Rows of the residual that this output row has found. */
  readonly found: RowsFound;
  readonly program: LoadedProgram;
  readonly state: FrameState;
}

/**
 * The first `count` channels of slot j of pixel r: requantized and looked up, or raw.
 * @throws SystoleError plan-invalid where a value leaves its proven range, or the residual is not there yet
 */
export function slotValues(
  context: ValueContext,
  tile: Tile,
  r: number,
  j: number,
  tileAcc: Int32Array,
  count: number,
): number[] {
  const { post, program } = context;
  const { fields } = post;
  const { accBits, cols, postWidth } = program.machine;
  const unused = 32 - accBits;
  const word = fields.pBase + tile.c * fields.slotsFull + j;
  const how = { nearestEven: fields.nearestEven === 1, lo: fields.lo, hi: fields.hi };
  const counted = !fields.poolEnable || poolCounts(post, tile, r);
  return Array.from({ length: count }, (_, i) => {
    const value = (tileAcc[r * cols + j * postWidth + i]! << unused) >> unused;
    if (value < fields.accMin || value > fields.accMax) {
      throw broken(`accumulator ${value} is not in ${fields.accMin}..${fields.accMax}`);
    }
    const res = fields.resEnable ? residual(context, tile, r, j * postWidth + i) : 0;
    const acc = fields.mulEnable && counted ? product(fields, value, res, accBits) : value;
    if (fields.raw) return acc;
    const channel = program.parameters[word * postWidth + i];
    if (channel === undefined) throw broken(`POST reads parameter word ${word}, which does not exist`);
    const code = requantize(acc, fields.mulEnable ? 0 : res, channel, how);
    return fields.tableEnable ? looked(program.tables, fields.tableBase + code) : code;
  });
}

/** Operands of a product, their offsets in them, are at most this wide, sign included. */
const FACTOR_BITS = 17;

/** (acc + aOffset) * (res + rOffset), in range or refused. */
function product({ aOffset, rOffset }: Fields<'post'>, acc: number, res: number, accBits: number): number {
  const a = acc + aOffset;
  const b = res + rOffset;
  if (!fits(a, FACTOR_BITS) || !fits(b, FACTOR_BITS)) throw broken(`the product's operands ${a} and ${b} are too wide`);
  if (!fits(a * b, accBits)) throw broken(`the product ${a} * ${b} does not fit an accumulator`);
  return a * b;
}

const fits = (value: number, bits: number): boolean => value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1);

function looked(tables: Uint16Array, entry: number): number {
  const value = tables[entry];
  if (value === undefined) throw broken(`POST reads table entry ${entry}, which does not exist`);
  return value;
}

/** The residual's code for channel i of the column tile; 0 for a pixel that the pool does not count. */
function residual({ post, feed, found, program, state }: ValueContext, tile: Tile, r: number, i: number): number {
  const { fields } = post;
  if (fields.poolEnable && !poolCounts(post, tile, r)) return 0;
  const { activationDigit, cols } = program.machine;
  const { pointer, at } = residualPlace(post, tile, r);
  const first = at + tile.c * cols + i;
  const wait = rowWait(state.counters, feed.fields.resCounter, residualNeed(feed, tile.oy));
  let code = 0;
  for (let plane = 0; plane < fields.resPlanes; plane++) {
    const addr = first + plane * fields.rPlane;
    requireInside(state.memory, addr, addr + 1, 'the residual');
    const tag = tagAt(state.memory, fields.resGroup, addr);
    if (!isCovered(tag, wait, program.records)) {
      const { owner, row } = tag;
      throw broken(
        `the residual reads code ${addr} of record ${owner}, row ${row}; awaited: ${wait.need} rows of ${wait.maker}`,
      );
    }
    if (fields.rBufferSize > 0 && !found.agrees(pointer, tag)) {
      throw broken(`the residual reads code ${addr} for two of its rows: the buffer is too small`);
    }
    code += state.memory.digits[fields.resGroup]![addr]! * 2 ** (plane * activationDigit);
  }
  return code;
}
