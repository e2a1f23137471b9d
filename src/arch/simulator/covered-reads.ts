/** What a wait for rows makes sure of. */
import type { ProgramRecord } from '../program/program.js';

/** What memory knows of a code: the record that wrote it, and in which of its rows. */
interface Tag {
  readonly owner: number | undefined;
  readonly row: number | undefined;
}

/** A wait for the first `need` rows of the record `maker`. */
export interface RowWait {
  readonly maker: number | undefined;
  readonly need: number;
}

/**
 * True for a code of the rows waited for, and for all that an earlier POST record wrote: POST's rows are written in the order
 * of the program, so that they are complete when the first row of a later one is.
 */
export function isCovered({ owner, row }: Tag, { maker, need }: RowWait, records: readonly ProgramRecord[]): boolean {
  if (owner === undefined || row === undefined || maker === undefined) return false;
  if (owner === maker) return row < need;
  const inOrder = records[owner]?.opcode === 'post' && records[maker]?.opcode === 'post';
  return need > 0 && owner < maker && inOrder;
}
