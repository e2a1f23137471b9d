/** Compiles a Verilog bench with Icarus and runs it on memory files made here. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectRoot } from '../sim/rtl-files.js';

export const icarusAvailable = (await execa('iverilog', ['-V'], { reject: false, stdio: 'ignore' })).exitCode === 0;

export interface Bench {
  /** Runs the bench; each file becomes +NAME=path holding one hex word a line. Returns the printed lines. */
  run(
    files: Readonly<Record<string, readonly (number | bigint)[]>>,
    plusargs?: Readonly<Record<string, number>>,
  ): Promise<string[]>;
  close(): Promise<void>;
}

/** `sources` are below the project root; `parameters` those of the bench. */
export async function compileBench(
  top: string,
  sources: readonly string[],
  parameters: Readonly<Record<string, number>>,
): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'systole-bench-'));
  const program = join(folder, 'bench.vvp');
  await execa('iverilog', [
    ...['-g2005', '-s', top, '-I', join(projectRoot, 'templates/rtl'), '-o', program],
    ...Object.entries(parameters).map(([name, value]) => `-P${top}.${name}=${value}`),
    ...sources.map((source) => join(projectRoot, source)),
  ]);
  return {
    async run(files, plusargs = {}) {
      for (const [name, words] of Object.entries(files)) {
        await writeFile(join(folder, `${name}.hex`), `${words.map((word) => word.toString(16)).join('\n')}\n`);
      }
      const { stdout } = await execa('vvp', [
        ...['-n', program],
        ...Object.keys(files).map((name) => `+${name}=${join(folder, name)}.hex`),
        ...Object.entries(plusargs).map(([name, value]) => `+${name}=${value}`),
      ]);
      return stdout.split('\n');
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
