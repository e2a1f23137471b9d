import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hardwareFiles } from '../../src/hdlgen/hardware.js';
import { loadTemplates } from '../../src/hdlgen/templates.js';
import { provenMachine } from '../support/machines.js';
import { installed, withoutRegisters } from './tools.js';

const tools = ['verilator', 'iverilog', 'yosys'] as const;
const has = new Map(await Promise.all(tools.map(async (tool) => [tool, await installed(tool)] as const)));

describe('the generated Verilog of 2x8x8, checked by the scripts that come with it', () => {
  let folder: string;
  const run = async (tool: string, ...args: string[]) => {
    const { exitCode, all } = await execa(tool, args, { cwd: folder, reject: false, all: true, stdin: 'ignore' });
    return { exitCode, all };
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'systole-generated-'));
    for (const [path, text] of hardwareFiles(provenMachine('2x8x8', 8, 3), await loadTemplates())) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.skipIf(!has.get('verilator'))('is clean in lint.sh (skipped without Verilator)', async () => {
    expect(await run('sh', 'rtl/lint.sh')).toEqual({ exitCode: 0, all: '' });
  });

  test.skipIf(!has.get('iverilog'))('elaborates in Icarus by its file list (skipped without Icarus)', async () => {
    const args = ['-g2005', '-Wall', '-t', 'null', '-s', 'systole_top', '-c', 'rtl/systole.f'];
    expect(await run('iverilog', ...args)).toEqual({ exitCode: 0, all: '' });
  });

  test.skipIf(!has.get('yosys'))(
    'is read by Yosys in read.ys (skipped without Yosys)',
    { timeout: 120_000 },
    async () => {
      const { exitCode, all } = await run('yosys', '-q', '-s', 'rtl/read.ys');
      expect({ exitCode, all: withoutRegisters(all) }).toEqual({ exitCode: 0, all: '' });
    },
  );
});
