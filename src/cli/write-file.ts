import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SystoleError } from '../base/error.js';
import { whileTemporary } from '../base/temporary.js';
import { makeFolder } from '../runtime/project.js';

/** The file appears whole or not at all. @throws SystoleError file-access for a path that is a directory */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  await makeWhole(path, (work) => writeFile(work, data));
}

/** The same for a file that `make` writes where it is told. The path is looked at before `make` runs. */
export async function makeWhole<T>(path: string, make: (work: string) => Promise<T>): Promise<T> {
  await refuseFolder(path);
  await makeFolder(dirname(resolve(path)));
  const work = `${path}.tmp-${process.pid}`;
  return whileTemporary(work, async () => {
    try {
      const made = await make(work);
      await rename(work, path);
      return made;
    } finally {
      await rm(work, { force: true });
    }
  });
}

async function refuseFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return;
  throw new SystoleError('file-access', `${path} cannot be written: it is a directory`, {
    where: path,
    hint: 'name a file',
  });
}
