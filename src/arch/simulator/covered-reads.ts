/** What a wait for rows makes sure of. */
import type { ProgramRecord } from '../program/program.js';
import type { ActivationMemory } from './activation-memory.js';
import type { RowCounters } from './row-counters.js';

/** What memory knows of a code: the record that wrote it, in which of its rows, and how many rows POST had finished by then. */
export interface Tag {
  readonly owner: number | undefined;
  readonly row: number | undefined;
  readonly turn: number | undefined;
}

/** A wait for the first `need` rows of the record `maker`; `turn`: rows that POST had finished when it counted the last of them. */
export interface RowWait {
  readonly maker: number | undefined;
  readonly need: number;
  readonly turn: number;
}

export function tagAt(memory: ActivationMemory, group: number, at: number): Tag {
  return { owner: memory.owner[group]![at], row: memory.row[group]![at], turn: memory.turn[group]![at] };
}

export function rowWait(counters: RowCounters, counter: number, need: number): RowWait {
  const turn = need > 0 ? (counters.turns[counter]![need - 1] ?? 0) : 0;
  return { maker: counters.owner[counter], need, turn };
}

/**
 * True for a code of the rows waited for. What POST writes is written in the order of the program: a wait for rows that POST
 * counts covers all that it wrote before the last of them, and nothing that it wrote later, be it in the same place.
 */
export function isCovered(tag: Tag, wait: RowWait, records: readonly ProgramRecord[]): boolean {
  const { owner, row, turn } = tag;
  const { maker, need } = wait;
  if (owner === undefined || row === undefined || turn === undefined || maker === undefined) return false;
  if (records[owner]?.opcode === 'post' && records[maker]?.opcode === 'post') return turn < wait.turn;
  return owner === maker && row < need;
}

/** Rows that one reader finds in a circular buffer: each row pointer has its own, else the buffer is too small for them. */
export interface RowsFound {
  /** True where the row that `pointer` stands for was not found at another pointer. */
  readonly agrees: (pointer: number, tag: Tag) => boolean;
}

export function rowsFound(): RowsFound {
  const pointers = new Map<string, number>();
  return {
    agrees: (pointer, { owner, row }) => {
      const key = `${owner} ${row}`;
      const before = pointers.get(key);
      pointers.set(key, pointer);
      return before === undefined || before === pointer;
    },
  };
}
