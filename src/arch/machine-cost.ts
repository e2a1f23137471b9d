import type { Machine } from './machine.js';

/** Multipliers of the array and of the unit beside it. */
export function multipliers({ rows, cols, lanes, depthwise }: Machine): number {
  return rows * cols * lanes + (depthwise === null ? 0 : lanes * depthwise.taps);
}

/** Useful digit-MACs for each multiplier and cycle (design section 1); 0 for no cycles. */
export function utilization(usefulDigitMacs: number, cycles: number, machine: Machine): number {
  return cycles === 0 ? 0 : usefulDigitMacs / (cycles * multipliers(machine));
}

/**
 * Bits of a machine's memories, all copies counted: activations have one per array row, tables one per channel of a slot. Registers
 * and what a memory is made of (row counters, FIFOs, row states) are left out.
 */
export function memoryBits(machine: Machine): number {
  const { memory, rows, cols, lanes, activationDigit, weightDigit, postWidth } = machine;
  const activations = rows * memory.groups * memory.activationWords * lanes * activationDigit;
  const weights = cols * (memory.weightWords + memory.ringWords) * lanes * weightDigit;
  const channel = 2 * machine.mBits + machine.bBits + machine.nBits;
  const parameters = memory.parameterWords * postWidth * channel;
  const tables = memory.tableEntries * postWidth * 16;
  const fold = memory.foldEntries * (32 + 3 * lanes);
  return activations + weights + parameters + tables + fold + depthwiseBits(machine) + 32 * memory.programWords;
}

function depthwiseBits({ depthwise, lanes, mBits, bBits, nBits }: Machine): number {
  if (depthwise === null) return 0;
  const { taps, postWidth, weightWords, parameterWords } = depthwise;
  return weightWords * lanes * taps * 8 + parameterWords * postWidth * (mBits + bBits + nBits);
}

/** One-bit products a machine makes in a cycle: the size of its array, whatever its digits. */
export function bitProducts({ rows, cols, lanes, activationDigit, weightDigit }: Machine): number {
  return rows * cols * lanes * activationDigit * weightDigit;
}

/** Order from the smallest machine to the largest: by array, then by memory, then by name. */
export function compareMachines(a: Machine, b: Machine): number {
  return bitProducts(a) - bitProducts(b) || memoryBits(a) - memoryBits(b) || (a.name < b.name ? -1 : 1);
}
