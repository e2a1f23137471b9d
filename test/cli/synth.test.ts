import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cliJson } from './cli.js';

afterEach(() => vi.unstubAllEnvs());

describe('synth', () => {
  it('refuses a target that does not exist', async () => {
    const { code, json } = await cliJson('synth', '1x8x8', '--device', 'virtex2');
    expect(code).not.toBe(0);
    expect(json.error).toMatchObject({ code: 'option-invalid', where: '--device', actual: 'virtex2' });
  });

  it('refuses what is neither a compiled directory nor a machine', async () => {
    const { code, json } = await cliJson('synth', 'no-such-thing');
    expect(code).not.toBe(0);
    expect(json.error.code).toBe('machine-unknown');
  });

  it('says how to install Yosys where it is missing', async () => {
    vi.stubEnv('PATH', mkdtempSync(join(tmpdir(), 'systole-nothing-')));
    const { code, json } = await cliJson('synth', '1x8x8');
    expect(code).toBe(1);
    expect(json.error.code).toBe('tool-missing');
    expect(json.error.hint).toMatch(/yosys/i);
  });
});
