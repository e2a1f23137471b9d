import { describe, expect, test } from 'vitest';
import { BROKEN_RULES, PARAMETER_SETS, SMALLEST } from './parameter-sets.js';
import { icarus, installed, verilator, withoutRegisters, yosys } from './tools.js';

const has = {
  verilator: await installed('verilator'),
  iverilog: await installed('iverilog'),
  yosys: await installed('yosys'),
};
const sets = [...PARAMETER_SETS];
const EXTREMES = 6;
const timeout = 300_000;

describe.skipIf(!has.verilator)('Verilator -Wall (skipped where it is not installed)', () => {
  test.each(sets)('has nothing to say on the core with %s', { timeout }, async (_, parameters) => {
    expect(await verilator.elaborate(parameters)).toEqual({ ok: true, text: '' });
  });

  test.each(sets.slice(0, EXTREMES))('nor with %s and assertions', { timeout }, async (_, parameters) => {
    expect(await verilator.elaborate(parameters, ['SYSTOLE_ASSERT'])).toEqual({ ok: true, text: '' });
  });
});

describe.skipIf(!has.iverilog)('Icarus -g2005 -Wall (skipped where it is not installed)', () => {
  test.each(sets)('elaborates the core with %s', { timeout }, async (_, parameters) => {
    expect(await icarus.elaborate(parameters)).toEqual({ ok: true, text: '' });
  });

  test('elaborates the assertions', { timeout }, async () => {
    expect(await icarus.elaborate(SMALLEST, ['SYSTOLE_ASSERT'])).toEqual({ ok: true, text: '' });
  });
});

describe.skipIf(!has.yosys)('Yosys (skipped where it is not installed)', () => {
  test.each(sets.slice(0, EXTREMES + 2))(
    'reads and checks the core with %s, and finds no latch',
    { timeout },
    async (_, parameters) => {
      const { ok, text } = await yosys.elaborate(parameters);
      expect(withoutRegisters(text)).toBe('');
      expect(ok).toBe(true);
    },
  );
});

for (const { tool, elaborate } of [verilator, icarus, yosys]) {
  describe.skipIf(!has[tool as keyof typeof has])(
    `${tool} stops at a bad parameter (skipped where it is not installed)`,
    () => {
      test.each(BROKEN_RULES)('%s: %j', { timeout }, async (rule, change) => {
        const { ok, text } = await elaborate({ ...SMALLEST, ...change });
        expect(ok).toBe(false);
        expect(text).toContain(rule);
      });
    },
  );
}
