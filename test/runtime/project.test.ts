import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { frameElements } from '../../src/arch/plan/stream-frames.js';
import { buildManifest, parseManifest } from '../../src/base/manifest.js';
import { decodeModel, readModel } from '../../src/runtime/model.js';
import { projectInMemory, readProject, writeProject } from '../../src/runtime/project.js';
import { testMachine } from '../support/machines.js';
import { NetworkBuilder } from '../support/network-builder.js';
import { compiledFiles } from '../support/project.js';

const network = new NetworkBuilder({ height: 3, width: 3, channels: 2 }, 5)
  .conv({ kernel: [3, 3], channels: 4, weightBits: 3, bits: null })
  .build();

let home: string;
let target: string;
let files: Map<string, string | Uint8Array>;
beforeAll(async () => {
  files = await compiledFiles(network, testMachine());
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'systole-project-'));
  target = join(home, 'out');
});
afterEach(async () => {
  await chmod(home, 0o755);
  await rm(home, { recursive: true });
});

describe('writing a project', () => {
  test('it reads back, and nothing else is left beside it', async () => {
    await writeProject(target, files);
    const model = await readModel(target);
    expect(frameElements(model.layout.outputs)).toBe(4);
    expect([...model.project.files.keys()].sort()).toEqual(
      [...files.keys()].filter((p) => p !== 'manifest.json').sort(),
    );
    expect(await readdir(home)).toEqual(['out']);
  });

  test('an existing project is replaced with force only', async () => {
    await writeProject(target, files);
    await writeFile(join(target, 'mine.txt'), 'x');
    await expect(writeProject(target, files)).rejects.toMatchObject({ code: 'output-exists', hint: /--force/ });
    expect(await readdir(target)).toContain('mine.txt');
    await writeProject(target, files, { force: true });
    expect(await readdir(target)).not.toContain('mine.txt');
    expect(await readdir(home)).toEqual(['out']);
  });

  test.each([
    ['a folder of others', async () => mkdir(target).then(() => writeFile(join(target, 'a.txt'), 'x'))],
    ['a file', async () => writeFile(target, 'x')],
    [
      'a folder with a manifest of others',
      async () => mkdir(target).then(() => writeFile(join(target, 'manifest.json'), '{"name": "app"}')),
    ],
  ])('%s is never replaced', async (_, make) => {
    await make();
    const before = await readdir(home, { recursive: true });
    await expect(writeProject(target, files, { force: true })).rejects.toMatchObject({ code: 'output-exists' });
    expect(await readdir(home, { recursive: true })).toEqual(before);
  });

  test('an empty folder is taken', async () => {
    await mkdir(target);
    await writeProject(target, files);
    expect((await readProject(target)).manifest.machine).toBe('test');
  });

  test('a failure on the way leaves nothing behind', async () => {
    // A file in the way of a folder: it fails in the middle of writing.
    const clash = new Map([...files, ['machine.json/inside', 'x'] as const]);
    await expect(writeProject(target, clash)).rejects.toThrow();
    expect(await readdir(home)).toEqual([]);
  });
});

describe('reading a project', () => {
  const damaged = (detail: object) => ({ code: 'project-invalid', ...detail });

  test.each([
    ['program/weights.bin', /weights\.bin is not what was compiled/],
    ['rtl/systole_core.v', /systole_core\.v is not what was compiled/],
    ['host/main.c', /main\.c is not what was compiled/],
  ])('one changed byte of %s is found', async (path, message) => {
    await writeProject(target, files);
    const data = await readFile(join(target, path));
    data[10]! ^= 1;
    await writeFile(join(target, path), data);
    await expect(readModel(target)).rejects.toMatchObject(damaged({ message }));
  });

  test('a missing file is found', async () => {
    await writeProject(target, files);
    await rename(join(target, 'network.bin'), join(target, 'else.bin'));
    await expect(readModel(target)).rejects.toMatchObject(damaged({ message: /network\.bin is missing/ }));
  });

  test('a folder without a manifest, and none at all, are no project', async () => {
    await expect(readModel(home)).rejects.toMatchObject(damaged({ hint: /systole compile/ }));
    await expect(readModel(join(home, 'none'))).rejects.toMatchObject(damaged({}));
  });

  test('a project of another version of the interface says so', () => {
    const { format: _, files: __, ...source } = parseManifest(String(files.get('manifest.json')), '');
    const manifest = buildManifest(files, { ...source, identity: '0x0123456789abcdef' });
    const project = projectInMemory('x', new Map(files).set('manifest.json', manifest));
    expect(() => decodeModel(project)).toThrow(
      expect.objectContaining(damaged({ message: expect.stringMatching(/version/) })),
    );
  });

  test.each(['', '{}', '[]', 'x', '{"format": 2}'])('%j is no manifest', (text) => {
    expect(() => parseManifest(text, 'm')).toThrow(expect.objectContaining(damaged({})));
  });

  test('paths that leave the folder are no manifest', () => {
    const text = String(files.get('manifest.json'));
    for (const path of ['../x', '/etc/passwd', 'a/../b', './a', 'a//b', '']) {
      const broken = text.replace('"machine.json":', `${JSON.stringify(path)}:`);
      expect(() => parseManifest(broken, 'm'), path).toThrow(expect.objectContaining(damaged({})));
    }
  });
});
