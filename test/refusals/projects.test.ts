import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeNpy } from '../../src/base/npy.js';
import { cli, cliJson } from '../cli/cli.js';
import { npz, openWorkshop, refused, smallImages, smallModel, type Workshop } from '../cli/workshop.js';

vi.setConfig({ testTimeout: 120_000 });

let shop: Workshop;
let project = '';
let data = '';
beforeAll(async () => {
  shop = openWorkshop();
  data = shop.file('data.npz', npz({ inputs: smallImages(), labels: { shape: [4], data: Uint8Array.of(0, 1, 2, 0) } }));
  project = shop.path('project');
  const { code, err } = await cli('compile', shop.file('m.onnx', smallModel()), '-o', project, '--calibration', data);
  if (code !== 0) throw new Error(err);
}, 120_000);
afterAll(() => shop.close());

const COMMANDS = {
  run: () => ['run', project, '--input', data],
  verify: () => ['verify', project, '--random', '1'],
  evaluate: () => ['evaluate', project, '--data', data, '--labels', `${data}:labels`],
};

describe('a compiled directory is refused', () => {
  /** Changes one file for one test. */
  const damaged = (path: string, change: (bytes: Buffer) => Buffer | null) => {
    const file = `${project}/${path}`;
    const whole = readFileSync(file);
    const next = change(whole);
    if (next === null) rmSync(file);
    else writeFileSync(file, next);
    restore.push(() => writeFileSync(file, whole));
  };
  const restore: (() => void)[] = [];
  afterEach(() => {
    for (const undo of restore.splice(0).reverse()) undo();
  });
  const flipped = (bytes: Buffer) => {
    const next = Buffer.from(bytes);
    next[next.length >> 1]! ^= 1;
    return next;
  };

  for (const [name, args] of Object.entries(COMMANDS)) {
    it(`by ${name} where a bit of the weights is another`, async () => {
      damaged('program/weights.bin', flipped);
      const { exit, code, message } = await refused(...args());
      expect({ exit, code, message }).toEqual({
        exit: 1,
        code: 'project-invalid',
        message: 'program/weights.bin is not what was compiled',
      });
    });
  }

  it('where a file is missing', async () => {
    damaged('machine.json', () => null);
    const { code, message, hint } = await refused(...COMMANDS.run());
    expect({ code, message, hint }).toEqual({
      code: 'project-invalid',
      message: 'machine.json is missing',
      hint: 'compile the model again with --force',
    });
  });

  it('where any file has lost its end', async () => {
    const { files } = JSON.parse(readFileSync(`${project}/manifest.json`, 'utf8'));
    // An image of a memory that the model does not use is empty.
    const lengths = Object.keys(files).map((path) => [path, readFileSync(`${project}/${path}`).length] as const);
    for (const [path, length] of lengths.filter(([, length]) => length > 0)) {
      damaged(path, (bytes) => bytes.subarray(0, length - 1));
      expect((await refused(...COMMANDS.run())).message).toBe(`${path} is not what was compiled`);
      for (const undo of restore.splice(0).reverse()) undo();
    }
  });

  it('where the manifest is no JSON, names a path outside, or lacks a field', async () => {
    const manifest = JSON.parse(readFileSync(`${project}/manifest.json`, 'utf8'));
    const { identity: _identity, ...without } = manifest;
    const outside = { ...manifest, files: { ...manifest.files, '../../etc/passwd': 'a'.repeat(64) } };
    for (const text of ['{', JSON.stringify(without), JSON.stringify(outside)]) {
      damaged('manifest.json', () => Buffer.from(text));
      expect((await refused(...COMMANDS.verify())).code).toBe('project-invalid');
    }
  });

  it('where nothing was ever compiled', async () => {
    const { code, message, hint } = await refused('run', shop.folder, '--input', data);
    expect(code).toBe('project-invalid');
    expect(message).toBe(`${shop.folder} is not a Systole project`);
    expect(hint).toContain('systole compile');
  });
});

describe('run, verify and evaluate refuse data', () => {
  it('of the wrong shape', async () => {
    const wrong = shop.file('wrong.npy', writeNpy(smallImages(2, [2, 2, 6, 7])));
    for (const args of [
      ['run', project],
      ['verify', project],
    ]) {
      const { exit, code, where } = await refused(...args, '--input', wrong);
      expect({ exit, code, where }).toEqual({ exit: 1, code: 'data-shape', where: wrong });
    }
  });

  it('that are no codes where codes are asked for', async () => {
    const { code, expected } = await refused('run', project, '--input', data, '--codes');
    expect({ code, expected }).toEqual({ code: 'data-type', expected: 'whole numbers from 0 to 255' });
  });

  it('with fewer labels than images, or labels that are no classes', async () => {
    const few = shop.file('few.npy', writeNpy({ shape: [3], data: Uint8Array.of(0, 1, 2) }));
    const odd = shop.file('odd.npy', writeNpy({ shape: [4], data: Float32Array.of(0, 1.5, 2, 0) }));
    const evaluate = ['evaluate', project, '--data', data, '--labels'];
    expect((await refused(...evaluate, few)).code).toBe('data-shape');
    expect((await refused(...evaluate, odd)).code).toBe('data-type');
  });

  it('named twice over', async () => {
    const { exit, code } = await refused('verify', project, '--input', data, '--random', '2');
    expect({ exit, code }).toEqual({ exit: 2, code: 'usage-invalid' });
  });

  it('for a place that there is not', async () => {
    const { exit, code, message } = await refused(...COMMANDS.run(), '--on', 'fpga');
    expect({ exit, code }).toEqual({ exit: 2, code: 'option-invalid' });
    expect(message).toContain('golden, program or verilator');
  });
});

describe('without Verilator', () => {
  const path = process.env.PATH;
  beforeAll(() => {
    process.env.PATH = shop.folder;
  });
  afterAll(() => {
    process.env.PATH = path;
  });

  it('verify says how to install it, and what works without', async () => {
    const { exit, code, message, hint } = await refused(...COMMANDS.verify());
    expect({ exit, code, message }).toEqual({ exit: 1, code: 'tool-missing', message: 'verilator is not installed' });
    expect(hint).toMatch(/apt-get install (-y )?verilator/);
    expect(hint).toContain('--on program');
  });

  it('run --on verilator says the same', async () => {
    const { code, hint } = await refused(...COMMANDS.run(), '--on', 'verilator');
    expect(code).toBe('tool-missing');
    expect(hint).toMatch(/apt-get install (-y )?verilator/);
  });

  it('run --on program and --on golden give the same outputs as before', async () => {
    const outputs = await Promise.all(
      ['program', 'golden'].map(async (on) => (await cliJson(...COMMANDS.run(), '--on', on)).json.predictions),
    );
    expect(outputs[0]).toHaveLength(4);
    expect(outputs[0]).toEqual(outputs[1]);
  });

  it('run falls back to the program simulator and says so', async () => {
    const { code, out } = await cli(...COMMANDS.run());
    expect(code).toBe(0);
    expect(out).toContain('the program simulator (Verilator is not installed');
  });

  it('doctor names what is missing with the command that installs it, and fails', async () => {
    const { code, json } = await cliJson('doctor');
    expect(code).toBe(1);
    expect(json.ready).toBe(false);
    const verilator = json.tools.find((tool: { name: string }) => tool.name === 'Verilator');
    expect(verilator).toMatchObject({ status: 'missing', version: null, path: null });
    expect(verilator.install).toContain('erilator');
    expect((await cli('doctor')).out).toContain('not ready');
  });
});
