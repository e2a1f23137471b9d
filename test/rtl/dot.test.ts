import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../sim/rtl-files.js';
import { installed } from './tools.js';

const SOURCES = [
  ...['dot', 'edge', 'delay', 'popcount', 'six'].map((name) => `templates/rtl/systole_${name}.v`),
  ...['formal/dot_reference.v', 'dot_bench.v'].map((name) => `test/rtl/${name}`),
];

describe.skipIf(!(await installed('iverilog')))('at sizes beyond proof (skipped where Icarus is not installed)', () => {
  test.each([
    { LANES: 32, AD: 8, WD: 3, DW: 17, EDGE: 1, CUTS: 2, MODE_AT: 1 },
    { LANES: 128, AD: 8, WD: 3, DW: 19, EDGE: 1, CUTS: 2, MODE_AT: 2 },
    { LANES: 16, AD: 8, WD: 8, DW: 21, EDGE: 1, CUTS: 2, MODE_AT: 1 },
    { LANES: 64, AD: 1, WD: 1, DW: 9, EDGE: 0, CUTS: 1, MODE_AT: 1 },
    { LANES: 128, AD: 1, WD: 1, DW: 10, EDGE: 0, CUTS: 1, MODE_AT: 1 },
    { LANES: 128, AD: 8, WD: 1, DW: 17, EDGE: 1, CUTS: 2, MODE_AT: 2 },
  ])('the dot product is what its definition says, with %j', { timeout: 120_000 }, async (parameters) => {
    const program = join(await mkdtemp(join(tmpdir(), 'systole-dot-')), 'bench.vvp');
    const given = Object.entries(parameters).map(([name, value]) => `-Pdot_bench.${name}=${value}`);
    await execa('iverilog', ['-g2005', ...given, '-s', 'dot_bench', '-o', program, ...SOURCES], { cwd: projectRoot });
    expect((await execa('vvp', [program])).stdout).toBe('wrong 0');
  });
});
