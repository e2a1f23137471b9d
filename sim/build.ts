/** Verilates a machine together with harness.cpp into one binary, cached by the content of everything that goes in. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { SystoleError } from '../src/base/error.js';
import { whileTemporary } from '../src/base/temporary.js';
import { COMPILE_FLAGS, type CompileOptions, compileModel } from './compile.js';
import { withLock } from './lock.js';
import { pathExists, runTool } from './tool.js';

export interface BuildOptions {
  /** Name of the top module. */
  readonly top: string;
  /** Parameters of the top module, overriding its defaults (-G). */
  readonly parameters?: Readonly<Record<string, number | bigint>>;
  /** Instance path of the core below the top, `core` say; absent: the top is the core. Only the trace needs it. */
  readonly core?: string;
  readonly cacheDir: string;
  /** Check the assertions of the hardware text (SYSTOLE_ASSERT): one that fails ends the simulation with its sentence. */
  readonly assertions?: boolean;
  /** Build with FST waveforms: slower, so only on request. */
  readonly trace?: boolean;
  readonly onProgress?: (message: string) => void;
}

const BINARY = 'systole-sim';

/** The folder of harness.cpp: beside this file in the sources, two levels up from the compiled dist/sim. */
async function harnessPath(): Promise<string> {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const path of [join(here, 'harness.cpp'), join(here, '../../sim/harness.cpp')]) {
    if (await pathExists(path)) return path;
  }
  throw new SystoleError('project-invalid', 'harness.cpp of the simulator is missing', {
    where: here,
    hint: 'reinstall Systole',
  });
}

async function verilatorVersion(): Promise<string> {
  const { stdout } = await runTool('verilator', ['--version'], {});
  return stdout.trim();
}

/** A value as Verilog: sized beyond 32 bits, so that no tool cuts it. */
const literal = (value: number | bigint) =>
  BigInt(value) >= 1n << 31n ? `64'h${BigInt(value).toString(16)}` : `${value}`;

/**
 * Turns Verilog files (path -> text; *.v are compiled, all are found by `include) into a simulator binary; returns its path.
 * The same inputs give the cached binary. Of several processes that want it one builds, in a folder of its own, and puts
 * the result in place by one rename, so a killed build leaves nothing that is used.
 * Errors: tool-missing (with the install command), tool-failed (with the tool's first complaint).
 */
export async function buildSimulator(files: ReadonlyMap<string, string>, options: BuildOptions): Promise<string> {
  const harness = await readFile(await harnessPath(), 'utf8');
  const version = await verilatorVersion();
  const parameters = Object.entries(options.parameters ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const scope = `${[options.top, ...(options.core?.split('.') ?? [])].join('__DOT__')}__DOT__`;
  const verilated = [
    '--cc',
    '-O3',
    '--x-assign',
    'fast',
    '--x-initial',
    'unique',
    '--noassert',
    '--output-split',
    '20000',
    ...(options.assertions ? ['-DSYSTOLE_ASSERT'] : []),
    ...(options.trace ? ['--trace-fst', '--trace-structs'] : []),
    ...['--prefix', 'Vsystole', '--top-module', options.top, '-Mdir', 'obj', '-Irtl'],
    ...parameters.map(([name, value]) => `-G${name}=${literal(value)}`),
    // Warnings are the lint's business (test/rtl/elaborate.test.ts); a design with a fault must build, to be caught.
    '-Wno-fatal',
  ];
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const key = createHash('sha256')
    .update(JSON.stringify([version, verilated, scope, harness, COMPILE_FLAGS, sorted]))
    .digest('hex');
  const home = join(options.cacheDir, 'simulators', key.slice(0, 32));
  const binary = join(home, BINARY);
  if (await pathExists(binary)) return binary;

  const folder = dirname(home);
  await mkdir(folder, { recursive: true });
  await removeAbandoned(folder);
  await withLock(`${home}.lock`, async () => {
    if (await pathExists(binary)) return;
    options.onProgress?.(`building the simulator of ${options.top}`);
    const work = await mkdtemp(`${home}.tmp-`);
    await whileTemporary(work, async () => {
      try {
        await buildIn(work, sorted, harness, verilated, {
          scope,
          trace: options.trace ?? false,
          cacheDir: options.cacheDir,
          version,
        });
        await rename(join(work, 'out'), home).catch(async (error: unknown) => {
          if (!(await pathExists(binary))) throw error;
        });
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    });
  });
  return binary;
}

/** Leaves the binary alone in work/out. */
async function buildIn(
  work: string,
  files: readonly (readonly [string, string])[],
  harness: string,
  verilatorArguments: readonly string[],
  compile: CompileOptions,
): Promise<void> {
  for (const [path, text] of files) {
    await mkdir(dirname(join(work, 'rtl', path)), { recursive: true });
    await writeFile(join(work, 'rtl', path), text);
  }
  await writeFile(join(work, 'harness.cpp'), harness);
  const sources = files.map(([path]) => join('rtl', path)).filter((path) => path.endsWith('.v'));
  await runTool('verilator', [...verilatorArguments, ...sources], { cwd: work });
  await compileModel(work, compile);
  await mkdir(join(work, 'out'));
  await rename(join(work, BINARY), join(work, 'out', BINARY));
}

/** Work folders of builders that were killed: older than any build takes. */
async function removeAbandoned(folder: string): Promise<void> {
  const oldest = Date.now() - 60 * 60 * 1000;
  for (const name of (await readdir(folder)).filter((entry) => entry.includes('.tmp-'))) {
    const path = join(folder, name);
    const made = await stat(path).catch(() => null);
    if (made && made.mtimeMs < oldest) await rm(path, { recursive: true, force: true });
  }
}

/** True when Verilator and a C++ compiler can be run. */
export async function simulatorAvailable(): Promise<boolean> {
  const found = await Promise.all(
    [
      ['verilator', '--version'],
      ['g++', '--version'],
    ].map(([tool, flag]) => execa(tool!, [flag!], { reject: false, stdio: 'ignore' })),
  );
  return found.every((result) => result.exitCode === 0);
}
