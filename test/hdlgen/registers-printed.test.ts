import { expect, test } from 'vitest';
import type { Register } from '../../src/arch/registers.js';
import { registersCHeader } from '../../src/hdlgen/registers-c-header.js';
import { registersDocument, registersTable } from '../../src/hdlgen/registers-table.js';

test('the committed systole_registers.h is what the register table prints (vitest -u rewrites it)', async () => {
  await expect(registersCHeader()).toMatchFileSnapshot('../../templates/host/systole_registers.h');
});

test('the committed docs/registers.md is what the register table prints (vitest -u rewrites it)', async () => {
  await expect(registersDocument()).toMatchFileSnapshot('../../docs/registers.md');
});

const fields = [
  { name: 'on', bit: 4, width: 1, doc: 'runs' },
  { name: 'need', bit: 16, width: 16, doc: 'the value' },
];
const register: Register = { name: 'WAITING', offset: 0x3c, access: 'r', reset: 1, doc: 'now', fields };

test('one-bit fields print as masks, wider ones as macros that take them out', () => {
  expect(registersCHeader([register]).split('\n').slice(3, -3)).toEqual([
    '',
    '/* now */',
    '#define SYSTOLE_WAITING 0x3cu',
    '#define SYSTOLE_WAITING_ON 0x00000010u',
    '#define SYSTOLE_WAITING_NEED(value) ((value) >> 16 & 0xffffu)',
  ]);
});

test('the table has a row for each register and each field', () => {
  expect(registersTable([register]).split('\n').slice(2)).toEqual([
    '| 0x3c | **WAITING** | r | 0x00000001 | now |',
    '| | WAITING.on | 4 | | runs |',
    '| | WAITING.need | 31:16 | | the value |',
    '',
  ]);
});
