/**
 * Layers that run some rows at a time, in turn, so that of the maps between them only a few rows are kept at once
 * (a segment). Here a layer is what it reads and makes in rows.
 */
import type { RowNeed } from '../row-needs.js';

export interface RowLayer {
  /** Output rows. */
  readonly rows: number;
  readonly reads: readonly RowRead[];
}

/** A map that a layer of the segment makes, or that LOAD brings meanwhile. */
export interface RowRead {
  /** Index in the segment of its maker; LOADED: LOAD. */
  readonly maker: number;
  /** Rows that must exist before an output row. */
  readonly need: RowNeed;
  /** The first row that output row oy reads is first + oy*step; below 0: padding. */
  readonly first: number;
  readonly step: number;
}

export const LOADED = -1;

/** Rows that must exist before the first `count` output rows can be made. */
export function rowsNeeded({ need }: RowRead, count: number): number {
  return count === 0 ? 0 : Math.min(need.first + (count - 1) * need.step, need.rows);
}

/** The first row that is still read once `count` of `layer`'s output rows are made; all of them are dead at the end. */
export function firstNeeded({ first, step, need }: RowRead, count: number, { rows }: RowLayer): number {
  return count >= rows ? need.rows : Math.min(need.rows, Math.max(0, first + count * step));
}
