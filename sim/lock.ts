/** One builder of a thing at a time, across processes: the others wait and then find it built. */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { whileTemporary } from '../src/base/temporary.js';

const POLL_MS = 200;
/** A lock without a readable owner is one being made, unless it is this old. */
const UNOWNED_MS = 10_000;

/**
 * Runs `work` while holding the folder `path` as a lock. The lock of a process that is gone is taken over; at worst
 * (two take over at once) the work is done twice, so it must stay correct then.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!(await take(path))) {
    if (await abandoned(path)) await rm(path, { recursive: true, force: true });
    else await sleep(POLL_MS);
  }
  return whileTemporary(path, async () => {
    try {
      return await work();
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  });
}

async function take(path: string): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await writeFile(join(path, 'owner'), `${process.pid}`);
  return true;
}

async function abandoned(path: string): Promise<boolean> {
  const owner = Number(await readFile(join(path, 'owner'), 'utf8').catch(() => 'none'));
  if (Number.isInteger(owner) && owner > 0) return !running(owner);
  const made = await stat(path).catch(() => null);
  return made !== null && Date.now() - made.mtimeMs > UNOWNED_MS;
}

function running(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
