/** A hash of Systole itself: a result of another version of the code is no result of this one. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../base/sha256.js';
import { packageRoot } from '../package.js';

let known: Promise<string> | undefined;

/**
 * Of the code that runs (src/ and sim/, or their compiled forms), the templates and the simulator's harness. Read once: what
 * changes afterwards is not what this process runs.
 */
export function toolHash(): Promise<string> {
  known ??= hashOfCode();
  return known;
}

async function hashOfCode(): Promise<string> {
  const running = join(dirname(fileURLToPath(import.meta.url)), '../../..');
  const folders = [join(running, 'src'), join(running, 'sim'), join(packageRoot(), 'templates')];
  const files = (await Promise.all(folders.map(filesBelow))).flat();
  const code = files.filter((path) => !/\.(d\.ts|map)$/.test(path)).sort();
  const hashes = await Promise.all(
    [...code, join(packageRoot(), 'sim/harness.cpp')].map((path) => readFile(path).then(sha256)),
  );
  return sha256(hashes.join('\n'));
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
