import { expect, test } from 'vitest';
import { REGISTERS } from '../../src/arch/registers.js';
import { registersHeader } from '../../src/hdlgen/registers-header.js';

test('the committed systole_registers.vh is what the register table prints (vitest -u rewrites it)', async () => {
  await expect(registersHeader()).toMatchFileSnapshot('../../templates/rtl/systole_registers.vh');
});

test('offsets are distinct words inside the 8-bit address, and fields do not overlap', () => {
  const offsets = REGISTERS.map((register) => register.offset);
  expect(new Set(offsets).size).toBe(offsets.length);
  for (const register of REGISTERS) {
    expect(register.offset % 4).toBe(0);
    expect(register.offset).toBeLessThan(256);
    const taken = new Set<number>();
    for (const field of register.fields ?? []) {
      for (let bit = field.bit; bit < field.bit + field.width; bit += 1) {
        expect(taken.has(bit), `${register.name}.${field.name}`).toBe(false);
        expect(bit).toBeLessThan(32);
        taken.add(bit);
      }
    }
  }
});

test('a field wider than one bit prints its width', () => {
  const header = registersHeader([
    {
      name: 'WAITING',
      offset: 0x3c,
      access: 'r',
      reset: 0,
      doc: '',
      fields: [
        { name: 'load', bit: 0, width: 2, doc: '' },
        { name: 'x', bit: 2, width: 1, doc: '' },
      ],
    },
  ]);
  expect(header.split('\n').slice(3, -2)).toEqual([
    "`define SYSTOLE_WAITING 8'h3c",
    "`define SYSTOLE_WAITING_RESET 32'h00000000",
    '`define SYSTOLE_WAITING_LOAD_BIT 0',
    '`define SYSTOLE_WAITING_LOAD_WIDTH 2',
    '`define SYSTOLE_WAITING_X_BIT 2',
  ]);
});
