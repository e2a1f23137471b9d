import type { Machine } from '../machine.js';
import { broken } from './activation-memory.js';

/** Row counters, and who counts on them. */
export interface RowCounters {
  readonly value: Int32Array;
  /** Record that counts on it. */
  readonly owner: Int32Array;
  /** Most rows anybody has waited for since its owner began. */
  readonly waited: Int32Array;
  /** Where POST counts: rows that it had finished, of all its records, with each row of this one. */
  readonly turns: number[][];
  /** Rows that POST has finished in this frame. */
  finished: number;
}

export function rowCounters(machine: Machine): RowCounters {
  return {
    value: new Int32Array(machine.counters),
    owner: new Int32Array(machine.counters).fill(-1),
    waited: new Int32Array(machine.counters),
    turns: Array.from({ length: machine.counters }, () => []),
    finished: 0,
  };
}

export function takeCounter(counters: RowCounters, counter: number, owner: number): void {
  counters.value[counter] = 0;
  counters.owner[counter] = owner;
  counters.waited[counter] = 0;
  counters.turns[counter] = [];
}

/** POST has finished rows, which count on `counter`, or on none. */
export function finishRows(counters: RowCounters, counter: number | null, rows: number): void {
  counters.finished += 1;
  if (counter === null) return;
  counters.value[counter]! += rows;
  for (let row = 0; row < rows; row++) counters.turns[counter]!.push(counters.finished);
}

/** In program order everything a wait can wait for has happened: a wait that does not hold now never will. */
export function waitFor(counters: RowCounters, counter: number, need: number, what: string): void {
  const value = counters.value[counter] ?? -1;
  if (value < need) throw broken(`${what} waits for ${need} rows of counter ${counter}, which ends at ${value}`);
  counters.waited[counter] = Math.max(counters.waited[counter]!, need);
}
