import { SystoleError } from '../../base/error.js';
import { OPCODE_NAMES, type PassEntry, type PassMode, type ProgramRecord, recordWords } from './program.js';
import { OPCODES, PASS_MODES, RECORD_FIELDS, type RecordField } from './records.js';

/**
 * The records of program memory up to and including END.
 * @param fetchWords words of program memory that are fetched a cycle: every record takes a multiple of them
 * @throws SystoleError plan-invalid for an unknown opcode, a wrong length or a missing END.
 */
export function decodeProgram(words: Uint32Array, fetchWords: number): ProgramRecord[] {
  const records: ProgramRecord[] = [];
  let at = 0;
  while (at < words.length) {
    const header = words[at]!;
    const opcode = OPCODE_NAMES.find((name) => OPCODES[name] === (header & 0xff));
    if (opcode === undefined) throw damaged(at, `opcode ${header & 0xff}`);
    const fields: readonly RecordField[] = RECORD_FIELDS[opcode];
    if (header >>> 8 !== fields.length) throw damaged(at, `length ${header >>> 8} of a ${opcode} record`);
    if (at + 1 + fields.length > words.length) throw damaged(at, `a ${opcode} record cut short`);
    const values = fields.map((field, i) => [field.name, fieldValue(field, words[at + 1 + i]!)] as const);
    records.push({ opcode, fields: Object.fromEntries(values) } as unknown as ProgramRecord);
    if (opcode === 'end') return records;
    at += recordWords(opcode, fetchWords);
  }
  throw damaged(at, 'no END record');
}

/** The entries of pass memory. */
export function decodePasses(words: Uint32Array): PassEntry[] {
  const modes = Object.keys(PASS_MODES) as readonly PassMode[];
  return Array.from({ length: words.length / 3 }, (_, i) => {
    const second = words[3 * i + 1]!;
    const mode = modes.find((name) => PASS_MODES[name] === ((second >>> 24) & 3));
    if (mode === undefined) throw damaged(i, 'an unknown pass mode');
    return {
      aOff: words[3 * i]!,
      wOff: second & 0xfffff,
      shift: (second >>> 20) & 15,
      mode,
      padDigit: words[3 * i + 2]! & 0xff,
    };
  });
}

function fieldValue(field: RecordField, word: number): number {
  return field.signed ? word | 0 : word;
}

function damaged(at: number, what: string): SystoleError {
  return new SystoleError('plan-invalid', `the program is damaged: ${what} at word ${at}`);
}
