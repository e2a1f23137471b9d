import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { whileTemporary } from '../base/temporary.js';
import { makeFolder } from '../runtime/project.js';

/** The file appears whole or not at all. */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  await makeFolder(dirname(resolve(path)));
  const work = `${path}.tmp-${process.pid}`;
  await whileTemporary(work, async () => {
    try {
      await writeFile(work, data);
      await rename(work, path);
    } finally {
      await rm(work, { force: true });
    }
  });
}
