import { SystoleError } from '../../base/error.js';
import type { PassEntry, ProgramRecord } from './program.js';
import { recordWords } from './program.js';
import { OPCODES, PASS_MODES, RECORD_FIELDS, type RecordField } from './records.js';

/**
 * Program memory: per record a header (opcode | length << 8) and one word per field, filled up with zeros to
 * a multiple of the words fetched a cycle.
 * @throws SystoleError plan-invalid when a field does not fit its 32 bits.
 */
export function encodeProgram(records: readonly ProgramRecord[], fetchWords: number): Uint32Array {
  const words = new Uint32Array(records.reduce((sum, record) => sum + recordWords(record.opcode, fetchWords), 0));
  let at = 0;
  for (const record of records) {
    const fields: readonly RecordField[] = RECORD_FIELDS[record.opcode];
    words[at] = OPCODES[record.opcode] | (fields.length << 8);
    for (const [i, field] of fields.entries()) words[at + 1 + i] = fieldWord(record, field);
    at += recordWords(record.opcode, fetchWords);
  }
  return words;
}

/** Pass memory: three pieces an entry. */
export function encodePasses(passes: readonly PassEntry[]): Uint32Array {
  const words = new Uint32Array(passes.length * 3);
  passes.forEach((pass, i) => {
    if (pass.wOff >= 2 ** 20 || pass.shift >= 16 || pass.padDigit >= 256) {
      throw new SystoleError('plan-invalid', `pass ${i} does not fit its entry: ${JSON.stringify(pass)}`);
    }
    words[3 * i] = pass.aOff;
    words[3 * i + 1] = pass.wOff | (pass.shift << 20) | (PASS_MODES[pass.mode] << 24);
    words[3 * i + 2] = pass.padDigit;
  });
  return words;
}

function fieldWord(record: ProgramRecord, field: RecordField): number {
  const value = (record.fields as Readonly<Record<string, number>>)[field.name];
  const [min, max] = field.signed ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  if (value === undefined || !Number.isInteger(value) || value < min || value > max) {
    throw new SystoleError('plan-invalid', `field ${field.name} of a ${record.opcode} record does not fit 32 bits`, {
      expected: `an integer from ${min} to ${max}`,
      actual: String(value),
    });
  }
  return value >>> 0;
}
