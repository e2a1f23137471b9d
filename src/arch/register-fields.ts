/** Registers by name, from the one table. */
import { REGISTERS } from './registers.js';

/** Byte offset of a register. */
export function offsetOf(name: string): number {
  return find(name).offset;
}

/** The bit of a one-bit field, as a mask. */
export function bitOf(register: string, field: string): number {
  return 2 ** findField(register, field).bit;
}

/** The value of a field in a register's value. */
export function fieldOf(register: string, field: string, value: number): number {
  const { bit, width } = findField(register, field);
  return Math.floor(value / 2 ** bit) % 2 ** width;
}

function find(name: string) {
  const register = REGISTERS.find((entry) => entry.name === name);
  if (register === undefined) throw new Error(`there is no register ${name}`);
  return register;
}

function findField(register: string, name: string) {
  const field = find(register).fields?.find((entry) => entry.name === name);
  if (field === undefined) throw new Error(`register ${register} has no field ${name}`);
  return field;
}
