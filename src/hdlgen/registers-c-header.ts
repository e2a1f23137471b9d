/** Prints templates/host/systole_registers.h, the register offsets and fields that the C driver uses. */
import { REGISTERS, type Register } from '../arch/registers.js';

const hex = (value: number, digits: number) => `0x${value.toString(16).padStart(digits, '0')}u`;

function registerLines(register: Register): string[] {
  const name = `SYSTOLE_${register.name}`;
  const fields = (register.fields ?? []).map((field) => {
    const macro = `${name}_${field.name.toUpperCase()}`;
    if (field.width === 1) return `#define ${macro} ${hex(2 ** field.bit, 8)}`;
    return `#define ${macro}(value) ((value) >> ${field.bit} & ${hex(2 ** field.width - 1, 1)})`;
  });
  return ['', `/* ${register.doc} */`, `#define ${name} ${hex(register.offset, 2)}`, ...resetLine(register), ...fields];
}

/** The only values that never change: what a host checks. */
function resetLine(register: Register): string[] {
  return register.access === 'r' && register.fields === undefined && register.reset !== 0
    ? [`#define SYSTOLE_${register.name}_RESET ${hex(register.reset, 8)}`]
    : [];
}

/**
 * The C header: byte offset of every register, the value of the constant ones, one-bit fields as masks and
 * wider ones as macros that take them out of a value.
 */
export function registersCHeader(registers: readonly Register[] = REGISTERS): string {
  return [
    '/* The AXI4-Lite registers, printed from src/arch/registers.ts; a test compares them. */',
    '#ifndef SYSTOLE_REGISTERS_H',
    '#define SYSTOLE_REGISTERS_H',
    ...registers.flatMap(registerLines),
    '',
    '#endif',
    '',
  ].join('\n');
}
