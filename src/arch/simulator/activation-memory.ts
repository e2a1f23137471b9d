/** Activation memory with a tag on every code: which record wrote it, and as part of which row. */
import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';

/** What memory holds before anything is written: reading it gives wrong results, not zeros. */
export const FORGOTTEN = 0xa5;

export interface ActivationMemory {
  /** Codes a group holds. */
  readonly codes: number;
  /** [group][code]: one digit each. */
  readonly digits: readonly Uint8Array[];
  /** [group][code]: index of the writing record, -1 before. */
  readonly owner: readonly Int32Array[];
  /** [group][code]: row of the owner's tensor. */
  readonly row: readonly Int32Array[];
  /** [group][code]: rows that POST had finished when it wrote it. */
  readonly turn: readonly Int32Array[];
}

export function activationMemory(machine: Machine): ActivationMemory {
  const codes = machine.memory.activationWords * machine.lanes;
  const groups = Array.from({ length: machine.memory.groups });
  return {
    codes,
    digits: groups.map(() => new Uint8Array(codes).fill(FORGOTTEN & (2 ** machine.activationDigit - 1))),
    owner: groups.map(() => new Int32Array(codes).fill(-1)),
    row: groups.map(() => new Int32Array(codes)),
    turn: groups.map(() => new Int32Array(codes)),
  };
}

export function requireInside(memory: ActivationMemory, from: number, to: number, what: string): void {
  if (from >= 0 && to <= memory.codes) return;
  throw broken(`${what} leaves activation memory: codes ${from} to ${to - 1} of ${memory.codes}`);
}

/** A program that does what no program may: a defect of the planner. */
export function broken(sentence: string): SystoleError {
  return new SystoleError('plan-invalid', `the program is wrong: ${sentence}`);
}
