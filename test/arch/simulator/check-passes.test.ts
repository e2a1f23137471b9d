import { expect, test } from 'vitest';
import { digitPasses } from '../../../src/arch/plan/digits.js';
import { checkPasses, passDistances } from '../../../src/arch/simulator/check-passes.js';
import { testMachine } from '../../support/machines.js';

const DIGITS = [1, 2, 4, 8].flatMap((activationDigit) =>
  [1, 2, 3, 4, 8].map((weightDigit) => testMachine({ activationDigit, weightDigit } as never)),
);

test.each(DIGITS)('passes lie apart what the array can shift, and every such distance occurs (%#)', (machine) => {
  const found = new Set<number>([0]);
  for (let planes = 1; planes * machine.activationDigit <= 16; planes++) {
    for (let weights = 1; weights <= Math.ceil(16 / machine.weightDigit); weights++) {
      for (const { shift } of digitPasses(planes, { planes: weights, form: 'signed' }, machine)) found.add(shift);
    }
  }
  expect([...found].sort((a, b) => a - b)).toEqual([...passDistances(machine)].sort((a, b) => a - b));
});

const pass = { aOff: 0, wOff: 0, shift: 0, mode: 'unsigned', padDigit: 0 } as const;
const machine = testMachine({ activationDigit: 8, weightDigit: 3 } as never);

test.each([
  ['a distance that the array does not know', { ...pass, shift: 4 }, /shifts by 4/],
  ['bipolar digits of several bits', { ...pass, mode: 'bipolar' as const }, /bipolar/],
])('a pass with %s is refused', (_, wrong, message) => {
  expect(() => checkPasses(machine, [pass, wrong])).toThrow(message);
  expect(() => checkPasses(machine, [pass, wrong])).toThrow(expect.objectContaining({ code: 'plan-invalid' }));
});
