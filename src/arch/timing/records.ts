/**
 * Cycle model of systole_fetch.v and the three systole_record.v: which record is in which shadow and
 * active register, one word a cycle.
 */
import type { ProgramRecord } from '../program/program.js';
import { RECORD_FIELDS } from '../program/records.js';

export type UnitName = 'load' | 'feed' | 'post';

export interface UnitSlot {
  /** Index of the record in the program, or -1. */
  shadow: number;
  full: boolean;
  active: number;
}

export interface FetchModel {
  readonly units: Readonly<Record<UnitName, UnitSlot>>;
  /** Whether a shadow moves to active in this cycle, given that the unit finishes (`done`) or not. */
  moves(unit: UnitName, done: boolean): boolean;
  /** The end record is at the head: true in the cycle the frame is counted. */
  frameDone(allIdle: boolean): boolean;
  /** Clock edge; returns whether a word was taken from program memory. */
  step(
    moved: Readonly<Record<UnitName, boolean>>,
    done: Readonly<Record<UnitName, boolean>>,
    allIdle: boolean,
  ): boolean;
}

const NAMES = ['load', 'feed', 'post'] as const;

export function fetchModel(records: readonly ProgramRecord[]): FetchModel {
  const slot = (): UnitSlot => ({ shadow: -1, full: false, active: -1 });
  const units = { load: slot(), feed: slot(), post: slot() };
  let head = 0;
  /** Words of the record still to come; 0 = the header is at the head. */
  let body = 0;

  const isEnd = (): boolean => body === 0 && records[head]?.opcode === 'end';
  const moves = (unit: UnitName, done: boolean): boolean => units[unit].full && (units[unit].active < 0 || done);

  return {
    units,
    moves,
    frameDone: (allIdle) => isEnd() && allIdle,
    step(moved, done, allIdle) {
      const record = records[head];
      if (record === undefined) return false;
      const wasFull = record.opcode !== 'end' && units[record.opcode].full;
      for (const name of NAMES) {
        const unit = units[name];
        if (moved[name]) {
          unit.active = unit.shadow;
          unit.full = false;
        } else if (done[name]) {
          unit.active = -1;
        }
      }
      if (record.opcode === 'end') {
        if (allIdle) head = 0;
        return false;
      }
      if (body === 0) {
        if (!wasFull) body = RECORD_FIELDS[record.opcode].length;
        return !wasFull;
      }
      body -= 1;
      if (body > 0) return true;
      units[record.opcode].shadow = head;
      units[record.opcode].full = true;
      head += 1;
      return true;
    },
  };
}
