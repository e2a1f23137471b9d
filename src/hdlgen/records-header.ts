/** Prints the one table of command fields as the Verilog header that the hand-written modules include. */
import { OPCODES, RECORD_FIELDS } from '../arch/program/records.js';

const macroName = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

const define = (name: string, value: string): string => `\`define SYSTOLE_${name} ${value}`;

/** Text of templates/rtl/systole_records.vh: opcodes, field counts (words) and field indices of every record. */
export function recordsHeader(): string {
  const lines = [
    '// Opcodes and field indices of the command records. Printed from src/arch/program/records.ts; do not edit.',
    '`ifndef SYSTOLE_RECORDS_VH',
    '`define SYSTOLE_RECORDS_VH',
    '',
  ];
  for (const [name, opcode] of Object.entries(OPCODES)) lines.push(define(`OP_${macroName(name)}`, `8'd${opcode}`));
  for (const [record, fields] of Object.entries(RECORD_FIELDS)) {
    if (fields.length === 0) continue;
    lines.push('', define(`${macroName(record)}_FIELDS`, `${fields.length}`));
    for (const [index, field] of fields.entries())
      lines.push(define(`${macroName(record)}_${macroName(field.name)}`, `${index}`));
  }
  return `${[...lines, '', '`endif'].join('\n')}\n`;
}
