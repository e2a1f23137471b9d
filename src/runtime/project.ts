/** A compiled project on disk: written whole or not at all, verified when read. */
import { existsSync, renameSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SystoleError } from '../base/error.js';
import { type Manifest, parseManifest } from '../base/manifest.js';
import { PROJECT_PATHS } from '../base/project-layout.js';
import { sha256 } from '../base/sha256.js';
import { whileTemporary } from '../base/temporary.js';

export type ProjectFiles = ReadonlyMap<string, string | Uint8Array>;

/**
 * Makes a folder and those above it. Not mkdir's own `recursive`: Node tries for ever where a file system (/proc) says that
 * a folder it has shown is not there.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch((again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST') throw again;
    });
  }
}

/** Writes the files below a folder; *.sh may be run. */
export async function writeFiles(folder: string, files: ProjectFiles): Promise<void> {
  for (const [path, data] of files) {
    const file = join(folder, path);
    await makeFolder(dirname(file));
    await writeFile(file, data);
    if (path.endsWith('.sh')) await chmod(file, 0o755);
  }
}

/**
 * Writes a project, manifest included, so that `folder` appears whole or not at all: everything goes into a folder
 * beside it, which is renamed at the end. A project of ours is replaced with `force` only; anything else never is.
 * Errors: output-exists.
 */
export async function writeProject(
  folder: string,
  files: ProjectFiles,
  options: { force?: boolean } = {},
): Promise<void> {
  const target = resolve(folder);
  await checkTarget(target, options.force ?? false);
  await makeFolder(dirname(target));
  await removeAbandoned(target);
  const work = await mkdtemp(`${workPrefix(target)}${process.pid}-`);
  await whileTemporary(work, async () => {
    try {
      const built = join(work, 'new');
      await mkdir(built);
      await writeFiles(built, files);
      await checkTarget(target, options.force ?? false);
      exchange(built, target, join(work, 'old'));
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

const workPrefix = (target: string) => join(dirname(target), `.${basename(target)}.tmp-`);

/** Work folders that processes left which could not clean up: killed by SIGKILL, or the power failed. */
async function removeAbandoned(target: string): Promise<void> {
  const prefix = basename(workPrefix(target));
  for (const name of await readdir(dirname(target))) {
    const pid = name.startsWith(prefix) ? Number(/^(\d+)-/.exec(name.slice(prefix.length))?.[1]) : Number.NaN;
    if (pid > 0 && !isRunning(pid)) await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Puts what was built in the place of the old. Synchronous: no signal is handled between the two renames, so an old
 * project is never taken away without the new one in its place; a failed second rename puts it back.
 */
function exchange(built: string, target: string, old: string): void {
  const replaced = existsSync(target);
  if (replaced) renameSync(target, old);
  try {
    renameSync(built, target);
  } catch (error) {
    if (replaced) renameSync(old, target);
    throw error;
  }
}

/** Errors: output-exists when something is at the target that may not be replaced. */
export async function checkTarget(folder: string, force: boolean): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] | null => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (entries !== null && entries.length === 0) return;
  const ours = entries?.includes(PROJECT_PATHS.manifest) && (await wasCompiled(folder));
  if (!ours) {
    throw new SystoleError('output-exists', `${folder} exists and is not a Systole project`, {
      where: folder,
      hint: 'choose another output directory; --force does not overwrite it either',
    });
  }
  if (!force) {
    throw new SystoleError('output-exists', `${folder} exists already`, {
      where: folder,
      hint: 'add --force to replace it, or choose another output directory',
    });
  }
}

/** The manifest of any version of Systole, damaged ones and those of others left out. */
async function wasCompiled(folder: string): Promise<boolean> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(folder, PROJECT_PATHS.manifest), 'utf8'));
    return typeof manifest === 'object' && manifest !== null && 'systole' in manifest && 'files' in manifest;
  } catch {
    return false;
  }
}

async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, PROJECT_PATHS.manifest);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new SystoleError('project-invalid', `${folder} is not a Systole project`, {
      where: path,
      hint: 'compile a model into it: systole compile MODEL -o DIR',
    });
  });
  return parseManifest(text, path);
}

export interface Project {
  /** Where it was read from, for messages. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Every file that the manifest lists, verified. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Reads a project and compares every file with its hash. Errors: project-invalid with the file. */
export async function readProject(folder: string): Promise<Project> {
  const manifest = await readManifest(folder);
  const files = new Map<string, Uint8Array>();
  for (const path of Object.keys(manifest.files)) {
    const data = await readFile(join(folder, path)).catch(() => undefined);
    if (data !== undefined) files.set(path, new Uint8Array(data));
  }
  return checkedProject(folder, manifest, files);
}

/** A project that is still in memory, as projectFiles made it. Errors: project-invalid. */
export function projectInMemory(name: string, contents: ProjectFiles): Project {
  const files = new Map([...contents].map(([path, data]) => [path, asBytes(data)]));
  const text = new TextDecoder().decode(files.get(PROJECT_PATHS.manifest) ?? new Uint8Array());
  return checkedProject(name, parseManifest(text, `${name}/${PROJECT_PATHS.manifest}`), files);
}

const asBytes = (data: string | Uint8Array) => (typeof data === 'string' ? new TextEncoder().encode(data) : data);

function checkedProject(folder: string, manifest: Manifest, found: ReadonlyMap<string, Uint8Array>): Project {
  const files = new Map<string, Uint8Array>();
  for (const [path, hash] of Object.entries(manifest.files)) {
    const data = found.get(path);
    const actual = data === undefined ? 'no such file' : sha256(data);
    if (data === undefined || actual !== hash) {
      throw new SystoleError('project-invalid', `${path} is ${data ? 'not what was compiled' : 'missing'}`, {
        where: join(folder, path),
        expected: hash,
        actual,
        hint: 'compile the model again with --force',
      });
    }
    files.set(path, data);
  }
  return { folder, manifest, files };
}
