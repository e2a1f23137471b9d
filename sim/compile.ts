/** Compiles Verilator's C++ and the harness with g++, several files at a time. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { whileTemporary } from '../src/base/temporary.js';
import { pathExists, runTool } from './tool.js';

/** Optimization: of what runs every cycle, of what runs once, and common to all files. */
export const COMPILE_FLAGS = {
  fast: ['-O2'],
  slow: ['-O0'],
  common: ['-std=gnu++17', '-w'],
} as const;

export interface CompileOptions {
  /** Flattened name of the core, where its trace signals are. */
  readonly scope: string;
  readonly trace: boolean;
  readonly cacheDir: string;
  /** Verilator's version: its runtime objects are shared by all builds of one version. */
  readonly version: string;
}

/** Runs the tasks, at most `limit` at a time. */
async function inParallel(tasks: readonly (() => Promise<unknown>)[], limit: number): Promise<void> {
  const queue = [...tasks];
  const worker = async () => {
    for (let task = queue.shift(); task; task = queue.shift()) await task();
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

const jobs = () => Math.max(1, availableParallelism());

/** Compiles `work`/obj/*.cpp and `work`/harness.cpp to `work`/systole-sim. Errors: tool-missing, tool-failed. */
export async function compileModel(work: string, options: CompileOptions): Promise<void> {
  const root = (await runTool('verilator', ['--getenv', 'VERILATOR_ROOT'], {})).stdout.trim();
  const waves = options.trace ? 1 : 0;
  const defines = [
    `-DVM_TRACE=${waves}`,
    `-DVM_TRACE_FST=${waves}`,
    '-DVM_TRACE_VCD=0',
    '-DVM_SC=0',
    '-DVM_COVERAGE=0',
  ];
  const includes = ['-Iobj', `-I${root}/include`, `-I${root}/include/vltstd`];
  const common = [...COMPILE_FLAGS.common, ...defines, ...includes];

  const generated = (await readdir(join(work, 'obj'))).filter((file) => file.endsWith('.cpp')).sort();
  const model = generated.map((file) => ({
    source: `obj/${file}`,
    object: `obj/${file.slice(0, -4)}.o`,
    flags: file.includes('__Slow') || file.includes('__Syms') ? COMPILE_FLAGS.slow : COMPILE_FLAGS.fast,
  }));
  const harness = {
    source: 'harness.cpp',
    object: 'harness.o',
    flags: [...COMPILE_FLAGS.fast, `-DTRACE_SCOPE=${options.scope}`],
  };
  const compile = ({ source, object, flags }: { source: string; object: string; flags: readonly string[] }) =>
    runTool('g++', [...common, ...flags, '-c', source, '-o', object], { cwd: work });
  await inParallel(
    [harness, ...model].map((unit) => () => compile(unit)),
    jobs(),
  );

  const runtime = await runtimeObjects(
    root,
    common.filter((flag) => flag !== '-Iobj'),
    options,
  );
  const objects = [harness, ...model].map((unit) => unit.object);
  const libraries = ['-pthread', '-latomic', ...(options.trace ? ['-lz'] : [])];
  await runTool('g++', ['-o', 'systole-sim', ...objects, ...runtime, ...libraries], { cwd: work });
}

/** Verilator's own runtime, compiled once for each version; put in place whole by a rename. */
async function runtimeObjects(root: string, flags: readonly string[], options: CompileOptions): Promise<string[]> {
  const names = ['verilated', 'verilated_threads', ...(options.trace ? ['verilated_fst_c'] : [])];
  const key = createHash('sha256')
    .update(JSON.stringify([options.version, root, flags, names]))
    .digest('hex');
  const home = join(options.cacheDir, 'simulators', `runtime-${key.slice(0, 16)}`);
  const objects = names.map((name) => join(home, `${name}.o`));
  if (await pathExists(home)) return objects;

  await mkdir(dirname(home), { recursive: true });
  const work = await mkdtemp(`${home}.tmp-`);
  await whileTemporary(work, async () => {
    try {
      const compile = (name: string) =>
        runTool('g++', [...flags, '-O2', '-c', `${root}/include/${name}.cpp`, '-o', `${name}.o`], { cwd: work });
      await inParallel(
        names.map((name) => () => compile(name)),
        jobs(),
      );
      await rename(work, home).catch(async (error: unknown) => {
        if (!(await pathExists(home))) throw error;
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
  return objects;
}
