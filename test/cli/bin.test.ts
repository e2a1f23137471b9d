/** bin/systole.js as a process: what the built command does that one inside a test cannot show. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cli, cliJson } from './cli.js';
import { startSystole } from './process.js';
import { npz, openWorkshop, smallImages, smallModel, type Workshop } from './workshop.js';

vi.setConfig({ testTimeout: 120_000 });

let shop: Workshop;
beforeAll(() => {
  shop = openWorkshop();
});
afterAll(() => shop.close());

describe('the built command', () => {
  it('prints one JSON object and nothing else, results and errors alike', async () => {
    const listed = await startSystole(['machines', '--json']).ended;
    expect(listed.code).toBe(0);
    expect(JSON.parse(listed.out).machines.length).toBeGreaterThan(2);
    const refused = await startSystole(['machines', 'none', '--json']).ended;
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.out).error.code).toBe('machine-unknown');
  });

  it('evaluates in several threads as in one', async () => {
    const labels = { shape: [7], data: Uint8Array.of(0, 1, 2, 0, 1, 2, 0) };
    const data = shop.file('data.npz', npz({ inputs: smallImages(7), labels }));
    const compile = ['compile', shop.file('m.onnx', smallModel()), '-o', shop.path('out'), '--calibration', data];
    expect((await cli(...compile)).code).toBe(0);
    const evaluate = ['evaluate', shop.path('out'), '--data', data, '--labels', `${data}:labels`];
    const { imagesPerSecond: _, ...alone } = (await cliJson(...evaluate, '--jobs', '1')).json;
    const { code, out } = await startSystole([...evaluate, '--jobs', '3', '--json']).ended;
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject(alone);
  });

  it('ends quietly where its reader goes away', async () => {
    const { child, ended } = startSystole(['machines', '--json']);
    child.stdout!.destroy();
    const { err } = await ended;
    expect(err).not.toContain('EPIPE');
  });
});

describe('in a clone', () => {
  const bin = () => {
    mkdirSync(shop.path('clone/bin'), { recursive: true });
    copyFileSync(fileURLToPath(new URL('../../bin/systole.js', import.meta.url)), shop.path('clone/bin/systole.js'));
    shop.file('clone/package.json', '{ "type": "module" }');
    return spawnSync(process.execPath, [shop.path('clone/bin/systole.js')], { encoding: 'utf8' });
  };

  it('that is not built it says what to run', () => {
    const { status, stdout, stderr } = bin();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('npm run build');
  });

  it('whose sources are newer than what was built it says so, and runs', () => {
    for (const folder of ['src', 'sim', 'dist/src/cli']) mkdirSync(shop.path(`clone/${folder}`), { recursive: true });
    writeFileSync(shop.path('clone/dist/src/cli/main.js'), "export const main = async () => console.log('ran');\n");
    shop.file('clone/src/new.ts', '');
    utimesSync(shop.path('clone/src/new.ts'), 0, 0);
    expect(bin()).toMatchObject({ status: 0, stdout: 'ran\n', stderr: '' });
    const later = Date.now() / 1000 + 60;
    utimesSync(shop.path('clone/src/new.ts'), later, later);
    const { stdout, stderr } = bin();
    expect(stdout).toBe('ran\n');
    expect(stderr).toContain('npm run build');
  });
});
