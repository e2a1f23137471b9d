/** Prints docs/registers.md, and the same table for a project's README. */
import { REGISTERS, type Register } from '../arch/registers.js';

const hex = (value: number, digits: number) => `0x${value.toString(16).padStart(digits, '0')}`;

function registerRows(register: Register): string[] {
  const fields = (register.fields ?? []).map(({ name, bit, width, doc }) => {
    const bits = width === 1 ? `${bit}` : `${bit + width - 1}:${bit}`;
    return `| | ${register.name}.${name} | ${bits} | | ${doc} |`;
  });
  return [
    `| ${hex(register.offset, 2)} | **${register.name}** | ${register.access} | ${hex(register.reset, 8)} | ${register.doc} |`,
    ...fields,
  ];
}

/** A Markdown table: one row a register, one row a field below it. */
export function registersTable(registers: readonly Register[] = REGISTERS): string {
  return [
    '| offset | name | access, or bits | reset | meaning |',
    '|---|---|---|---|---|',
    ...registers.flatMap(registerRows),
    '',
  ].join('\n');
}

/** Text of docs/registers.md. */
export function registersDocument(): string {
  return [
    '# Registers',
    '',
    'Printed from `src/arch/registers.ts`; a test compares them. 32-bit registers on AXI4-Lite, offsets in bytes; r reads, w writes.',
    'Reading a register that is only written, writing one that is only read, and any other offset give SLVERR.',
    '',
    registersTable(),
  ].join('\n');
}
