/** Values of POST's slots: product, requantization, table (docs/machine.md, POST). */
import type { PostRecord } from '../program/program.js';
import { broken, requireInside } from './activation-memory.js';
import { isCovered } from './covered-reads.js';
import type { Tile } from './feed.js';
import { type FeedRun, residualNeed } from './feed-rows.js';
import { requantize } from './requantize.js';
import type { FrameState, LoadedProgram } from './state.js';

/** What of a POST record's surroundings its values depend on. */
interface ValueContext {
  readonly post: PostRecord;
  readonly feed: FeedRun;
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
  const word = fields.pBase + tile.ct * fields.slotsFull + j;
  const how = { nearestEven: fields.nearestEven === 1, lo: fields.lo, hi: fields.hi };
  const counted = !fields.poolEnable || counts(fields, tile, r);
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
function product({ aOffset, rOffset }: PostRecord['fields'], acc: number, res: number, accBits: number): number {
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

/** The residual's code for channel i of column tile ct; 0 for a pixel that the pool does not count. */
function residual({ post, feed, program, state }: ValueContext, tile: Tile, r: number, i: number): number {
  const { fields } = post;
  if (fields.poolEnable && !counts(fields, tile, r)) return 0;
  const { activationDigit, cols } = program.machine;
  const tileBase = fields.rBase + tile.oy * fields.rOy + tile.ox * fields.rOx + tile.wy * fields.rWy;
  const at = tileBase + tile.wx * fields.rWx + r * fields.rRow + tile.ct * cols + i;
  const maker = state.counters.owner[feed.fields.resCounter];
  const need = residualNeed(feed, tile.oy);
  let code = 0;
  for (let plane = 0; plane < fields.resPlanes; plane++) {
    const addr = at + plane * fields.rPlane;
    requireInside(state.memory, addr, addr + 1, 'the residual');
    const owner = state.memory.owner[fields.resGroup]![addr];
    const row = state.memory.row[fields.resGroup]![addr];
    if (!isCovered({ owner, row }, { maker, need }, program.records)) {
      throw broken(`the residual reads code ${addr} of record ${owner}, row ${row}; awaited: ${need} rows of ${maker}`);
    }
    code += state.memory.digits[fields.resGroup]![addr]! * 2 ** (plane * activationDigit);
  }
  return code;
}

/** Whether the pool counts this pixel of the map before it. */
export function counts(fields: PostRecord['fields'], tile: Tile, r: number): boolean {
  const cy = fields.cyBase + tile.oy * fields.cyOy + tile.wy;
  const cx = fields.cxBase + tile.ox * fields.cxOx + r * fields.cxRow + tile.wx;
  return cy >= 0 && cy < fields.convRows && cx >= 0 && cx < fields.convCols;
}
