import type { Machine } from './machine.js';

/** Bits of a machine's memories, all copies counted: activations have one per array row, tables one per channel of a slot. */
export function memoryBits(machine: Machine): number {
  const { memory, rows, cols, lanes, activationDigit, weightDigit, postWidth } = machine;
  const activations = rows * memory.groups * memory.activationWords * lanes * activationDigit;
  const weights = cols * memory.weightWords * lanes * weightDigit;
  const channel = 2 * machine.mBits + machine.bBits + machine.nBits;
  const parameters = memory.parameterWords * postWidth * channel;
  const tables = memory.tableEntries * postWidth * 16;
  return activations + weights + parameters + tables + 32 * memory.programWords;
}

/** One-bit products a machine makes in a cycle: the size of its array, whatever its digits. */
export function bitProducts({ rows, cols, lanes, activationDigit, weightDigit }: Machine): number {
  return rows * cols * lanes * activationDigit * weightDigit;
}

/** Order from the smallest machine to the largest: by array, then by memory, then by name. */
export function compareMachines(a: Machine, b: Machine): number {
  return bitProducts(a) - bitProducts(b) || memoryBits(a) - memoryBits(b) || (a.name < b.name ? -1 : 1);
}
