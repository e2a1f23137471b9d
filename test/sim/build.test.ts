import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildSimulator, simulatorAvailable } from '../../sim/build.js';
import { verilogFiles } from './rtl-files.js';

const options = { top: 'loopback', parameters: { IN_BYTES: 1, OUT_BYTES: 1 } };
const available = await simulatorAvailable();
const loopback = () =>
  verilogFiles(
    [
      'systole_axil.v',
      'systole_loader.v',
      'systole_load_walk.v',
      'systole_late.v',
      'systole_load_cells.v',
      'systole_packer.v',
    ],
    ['sim/fixtures/loopback.v'],
  );

describe('buildSimulator', () => {
  let cacheDir = '';
  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'systole-cache-'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(cacheDir, { recursive: true, force: true });
  });

  test('without Verilator it says how to install it', async () => {
    vi.stubEnv('PATH', '/nonexistent');
    const building = buildSimulator(await loopback(), { ...options, cacheDir });
    await expect(building).rejects.toMatchObject({ code: 'tool-missing', hint: /apt-get install verilator/ });
    expect(await simulatorAvailable()).toBe(false);
  });

  test.skipIf(!available)(
    'two builders at once make one binary, and a third finds it',
    async () => {
      const files = await loopback();
      const messages: string[] = [];
      const build = () => buildSimulator(files, { ...options, cacheDir, onProgress: (text) => messages.push(text) });
      const [first, second] = await Promise.all([build(), build()]);
      expect(first).toBe(second);
      expect(await build()).toBe(first);
      expect(messages).toHaveLength(1);
      const left = await readdir(join(cacheDir, 'simulators'));
      expect(left.filter((name) => /tmp|lock/.test(name))).toEqual([]);
    },
    120_000,
  );

  test.skipIf(!available)('Verilog that does not compile is tool-failed, with its line', async () => {
    const files = new Map([
      ['loopback.v', 'module loopback (input wire clk);\n  assign nothing = clk +;\nendmodule\n'],
    ]);
    const building = buildSimulator(files, { top: 'loopback', cacheDir });
    await expect(building).rejects.toMatchObject({ code: 'tool-failed', message: /loopback\.v:2/ });
    expect(await readdir(join(cacheDir, 'simulators'))).toEqual([]);
  });
});
