/** POST's rows: row pointers, the row's number and its place before the pool, kept in contexts (docs/machine.md, POST). */
import type { Fields, PostRecord } from '../program/program.js';
import { broken } from './activation-memory.js';
import type { Tile } from './feed.js';
import { wrapRow } from './feed-rows.js';
import type { FrameState } from './state.js';

/** POST before an output row. */
export interface PostRowState {
  /** Row pointers of the destination and of the residual. */
  readonly d: number;
  readonly r: number;
  readonly cy: number;
  /** Its number in the output. */
  readonly row: number;
  /** Index of the record that began: the rows of those that resume it are its. */
  readonly owner: number;
}

/** A POST record at work: its fields, and where its rows begin. */
export interface PostRun {
  readonly fields: Fields<'post'>;
  readonly start: PostRowState;
}

/** Pixel r of a tile: its line, and its column in it. */
export interface TilePixel {
  readonly line: number;
  readonly column: number;
}

/** @throws SystoleError plan-invalid where it resumes what no record has left */
export function postRun({ fields }: PostRecord, index: number, { postContexts }: FrameState): PostRun {
  if (!fields.resume) {
    return { fields, start: { d: fields.dBase, r: fields.rBase, cy: fields.cyBase, row: 0, owner: index } };
  }
  const start = postContexts.get(fields.context);
  if (start === undefined) throw broken(`POST resumes context ${fields.context}, which nobody has left`);
  return { fields, start };
}

/** The state behind the record's rows, for one that resumes it. */
export function keepPostRows({ fields, start }: PostRun, { postContexts }: FrameState): void {
  postContexts.set(fields.context, {
    d: wrapDestination(fields, start.d + fields.nOy * fields.dOy),
    r: wrapResidual(fields, start.r + fields.nOy * fields.rOy),
    cy: start.cy + fields.nOy * fields.cyOy,
    row: start.row + fields.nOy * linesOf(fields),
    owner: start.owner,
  });
}

/** Lines of a tile. */
export function linesOf({ pixelsPerTile, tileCols }: Fields<'post'>): number {
  return pixelsPerTile / tileCols;
}

export function tilePixel({ tileCols }: Fields<'post'>, r: number): TilePixel {
  return { line: Math.floor(r / tileCols), column: r % tileCols };
}

/** Row and column of the output that pixel r of a tile stands for. */
export function outputPixel({ fields, start }: PostRun, { oy, ox }: Tile, r: number) {
  const { line, column } = tilePixel(fields, r);
  return { row: start.row + oy * linesOf(fields) + line, column: ox * fields.tileCols + column };
}

/** Array rows whose pixels are the output's. */
export function outputRows(post: PostRun, tile: Tile): readonly number[] {
  const { pixelsPerTile, outRows, outCols } = post.fields;
  const all = Array.from({ length: pixelsPerTile }, (_, r) => r);
  return all.filter((r) => {
    const { row, column } = outputPixel(post, tile, r);
    return row < outRows && column < outCols;
  });
}

/** Code index of the first channel of column tile 0 in the destination. */
export function destination({ fields, start }: PostRun, { oy, ox }: Tile, r: number): number {
  const { line, column } = tilePixel(fields, r);
  const row = wrapDestination(fields, start.d + oy * fields.dOy + line * fields.dLine);
  return row + ox * fields.dOx + column * fields.dRow;
}

/** Of the residual: the row's pointer as it would be in an endless buffer, and the code index of column tile 0's first channel. */
export function residualPlace({ fields, start }: PostRun, { oy, ox, wy, wx }: Tile, r: number) {
  const { line, column } = tilePixel(fields, r);
  const pointer = start.r + oy * fields.rOy + wy * fields.rWy + line * fields.rLine;
  return { pointer, at: wrapResidual(fields, pointer) + ox * fields.rOx + wx * fields.rWx + column * fields.rRow };
}

/** Whether the pool counts pixel r of the map before it. */
export function poolCounts({ fields, start }: PostRun, { oy, ox, wy, wx }: Tile, r: number): boolean {
  const { line, column } = tilePixel(fields, r);
  const cy = start.cy + oy * fields.cyOy + line * fields.cyLine + wy;
  const cx = fields.cxBase + ox * fields.cxOx + column * fields.cxRow + wx;
  return cy >= 0 && cy < fields.convRows && cx >= 0 && cx < fields.convCols;
}

function wrapDestination({ dBufferEnd, dBufferSize }: Fields<'post'>, row: number): number {
  return wrapRow({ bufferEnd: dBufferEnd, bufferSize: dBufferSize }, row);
}

function wrapResidual({ rBufferEnd, rBufferSize }: Fields<'post'>, row: number): number {
  return wrapRow({ bufferEnd: rBufferEnd, bufferSize: rBufferSize }, row);
}
