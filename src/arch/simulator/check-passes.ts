/** What digit passes the array of a machine can run (systole_dot.v, systole_pe.v). */
import type { Machine } from '../machine.js';
import type { PassEntry } from '../program/program.js';
import { broken } from './activation-memory.js';

/** @throws SystoleError plan-invalid naming the pass */
export function checkPasses(machine: Machine, passes: readonly PassEntry[]): readonly PassEntry[] {
  const distances = passDistances(machine);
  for (const [index, { mode, shift }] of passes.entries()) {
    if (mode === 'bipolar' && machine.weightDigit > 1)
      throw broken(`pass ${index} is bipolar, on a machine with ${machine.weightDigit}-bit weight digits`);
    if (!distances.has(shift))
      throw broken(`pass ${index} shifts by ${shift}, which no two passes of this machine lie apart`);
  }
  return passes;
}

/** By how many bits two passes that follow each other can differ: the array shifts by nothing else. */
export function passDistances({ activationDigit, weightDigit }: Machine): ReadonlySet<number> {
  const far = Math.max(activationDigit, weightDigit);
  const grid = weightDigit === 3 ? 1 : Math.min(activationDigit, weightDigit);
  const distances = Array.from({ length: far / grid + 1 }, (_, i) => i * grid);
  const never = activationDigit === 8 && weightDigit === 3 ? [4, 6, 7] : [];
  return new Set(distances.filter((distance) => !never.includes(distance)));
}
