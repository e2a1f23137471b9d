/** Where the package's own files are, from the sources and from dist/ alike. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SystoleError } from '../base/error.js';

/** The nearest folder above this file with a package.json. */
export function packageRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) {
      throw new SystoleError('project-invalid', 'package.json of Systole is missing', { hint: 'reinstall Systole' });
    }
  }
}

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return version;
}

/**
 * Where built simulators and regression results are kept: SYSTOLE_CACHE; in a clone its .cache/; else the user's
 * cache folder (XDG_CACHE_HOME or ~/.cache).
 */
export function cacheFolder(): string {
  const { SYSTOLE_CACHE, XDG_CACHE_HOME } = process.env;
  if (SYSTOLE_CACHE) return SYSTOLE_CACHE;
  if (existsSync(join(packageRoot(), '.git'))) return join(packageRoot(), '.cache');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'systole');
}
