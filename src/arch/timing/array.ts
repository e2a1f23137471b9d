/** How long the array's arithmetic takes (systole_core.v, localparams): registers stand where three additions have followed each other. */
import type { Machine } from '../machine.js';

/** Registers in a dot product, operands to result. */
export function dotCycles({ activationDigit, weightDigit, lanes }: Machine): number {
  // Sums of neighbouring lanes are made at the array's edge; ones are counted in the time of three additions.
  const withinPlane = activationDigit === 1 ? 3 : Math.log2(lanes) - 1;
  const ofPlanes = weightDigit < 3 ? 1 : weightDigit < 5 ? 2 : 3;
  return Math.max(1, Math.floor((withinPlane + ofPlanes) / 3));
}

/** From the cycle of a step to the one in which its sum is in the hold register of row 0, stage 0. */
export function stepToHold(machine: Machine): number {
  return 5 + (machine.activationDigit > 1 ? 1 : 0) + dotCycles(machine);
}
