import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import ts from 'typescript';
import { expect, test, vi } from 'vitest';
import { buildSimulator, simulatorAvailable } from '../../sim/build.js';
import { openSimulator } from '../../sim/client.js';
import { projectRoot, testCache, verilogFiles } from './rtl-files.js';

const SOURCES = [
  'sim/build.ts',
  'sim/compile.ts',
  'sim/lock.ts',
  'sim/tool.ts',
  'src/base/error.ts',
  'src/base/temporary.ts',
];
const parameters = { IN_BYTES: 1, OUT_BYTES: 1 };

/** The builder as plain JavaScript, so that a process of its own can run it and be killed. */
async function writeBuilder(folder: string, files: ReadonlyMap<string, string>): Promise<string> {
  for (const path of SOURCES) {
    const source = await readFile(join(projectRoot, path), 'utf8');
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path.replace(/ts$/, 'js')), ts.transpile(source, options));
  }
  await writeFile(join(folder, 'sim/harness.cpp'), await readFile(join(projectRoot, 'sim/harness.cpp')));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const main = `import { buildSimulator } from './sim/build.js';
await buildSimulator(new Map(${JSON.stringify([...files])}), {
  top: 'loopback', parameters: ${JSON.stringify(parameters)}, cacheDir: ${JSON.stringify(join(folder, 'cache'))} });\n`;
  await writeFile(join(folder, 'main.js'), main);
  return join(folder, 'main.js');
}

test.skipIf(!(await simulatorAvailable()))('a build that is killed leaves nothing that the next one uses', async () => {
  // Below the project, so that its packages are found.
  await mkdir(testCache, { recursive: true });
  const folder = await mkdtemp(join(testCache, 'killed-'));
  try {
    const files = await verilogFiles(
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
    const main = await writeBuilder(folder, files);
    const cacheDir = join(folder, 'cache');
    const builder = execa('node', [main], { detached: true, reject: false, timeout: 120_000 });
    const simulators = join(cacheDir, 'simulators');
    const entries = () => readdir(simulators).catch((): string[] => []);
    await vi.waitFor(
      async () => {
        const work = (await entries()).find((name) => name.includes('.tmp-'))!;
        expect(await readdir(join(simulators, work, 'obj'))).not.toEqual([]);
      },
      { timeout: 60_000, interval: 20 },
    );
    process.kill(-builder.pid!, 'SIGKILL');
    expect((await builder).signal).toBe('SIGKILL');
    expect((await entries()).filter((name) => !/\.(tmp-|lock)/.test(name))).toEqual([]);

    const binary = await buildSimulator(files, { top: 'loopback', parameters, cacheDir });
    const machine = await openSimulator(binary);
    expect(machine.info.inBytes).toBe(1);
    await machine.close();
    expect((await entries()).filter((name) => name.endsWith('.lock'))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
