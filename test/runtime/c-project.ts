/** A compiled project in a folder of its own, and its C programs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { writeProject } from '../../src/runtime/project.js';
import { projectRoot } from '../sim/rtl-files.js';

export const STRICT = ['-std=c99', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-O2'];

export interface CProject {
  readonly folder: string;
  readonly host: string;
  /** Compiles a fixture with the files of host/ except its main; returns the program. */
  readonly fixture: (name: string, flags?: readonly string[]) => Promise<string>;
  readonly remove: () => Promise<void>;
}

/** The project and nothing else, in a folder of the system's. */
export async function writeCProject(files: ReadonlyMap<string, string | Uint8Array>): Promise<CProject> {
  const parent = await mkdtemp(join(tmpdir(), 'systole-c-'));
  const folder = join(parent, 'project');
  await writeProject(folder, files);
  const host = join(folder, 'host');
  return {
    folder,
    host,
    fixture: async (name, flags = STRICT) => {
      const program = join(parent, name);
      const source = join(projectRoot, 'test/runtime/fixtures', `${name}.c`);
      const parts = [
        'systole.c',
        'systole_ends.c',
        'systole_steps.c',
        'systole_lines.c',
        'systole_network.c',
        'systole_images.c',
        'systole_sim_link.c',
      ];
      await execa('cc', [...flags, '-I', host, '-o', program, source, ...parts, '-lm'], { cwd: host });
      return program;
    },
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}

export const ccAvailable = await execa('cc', ['--version'], { reject: false, stdio: 'ignore' }).then(
  ({ exitCode }) => exitCode === 0,
);
