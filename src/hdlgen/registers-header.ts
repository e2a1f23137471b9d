/** Prints templates/rtl/systole_registers.vh, the register offsets and bits that the Verilog uses. */
import { REGISTERS, type Register } from '../arch/registers.js';

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

function registerLines(register: Register): string[] {
  const name = `SYSTOLE_${register.name}`;
  const fields = (register.fields ?? []).flatMap((field) => {
    const bit = `\`define ${name}_${field.name.toUpperCase()}_BIT ${field.bit}`;
    return field.width === 1 ? [bit] : [bit, `\`define ${name}_${field.name.toUpperCase()}_WIDTH ${field.width}`];
  });
  return [
    `\`define ${name} 8'h${hex(register.offset, 2)}`,
    `\`define ${name}_RESET 32'h${hex(register.reset, 8)}`,
    ...fields,
  ];
}

/** The Verilog header: byte offsets, reset values, first bit and (where not 1) width of every field. */
export function registersHeader(registers: readonly Register[] = REGISTERS): string {
  return [
    '// The AXI4-Lite registers, printed from src/arch/registers.ts; a test compares them.',
    '`ifndef SYSTOLE_REGISTERS_VH',
    '`define SYSTOLE_REGISTERS_VH',
    ...registers.flatMap(registerLines),
    '`endif',
    '',
  ].join('\n');
}
