/** One builder of a thing at a time, across processes: the others wait and then find it built. */
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { whileTemporary } from '../src/base/temporary.js';

const POLL_MS = 200;
const BEAT_MS = 2000;
/** A lock that its owner has not touched for so long is abandoned: process numbers alone are used again. */
const SILENT_MS = 30_000;

/**
 * Runs `work` while holding the folder `path` as a lock. The lock of a process that is gone or silent is taken over; at
 * worst (two take over at once, or the owner was only asleep) the work is done twice, so it must stay correct then.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!(await take(path))) {
    if (await abandoned(path)) await rm(path, { recursive: true, force: true });
    else await sleep(POLL_MS);
  }
  return whileTemporary(path, async () => {
    const beat = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => {});
    }, BEAT_MS);
    try {
      return await work();
    } finally {
      clearInterval(beat);
      if ((await ownerOf(path)) === process.pid) await rm(path, { recursive: true, force: true });
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
  const owner = await ownerOf(path);
  if (owner !== null && !running(owner)) return true;
  const touched = await stat(path).catch(() => null);
  return touched !== null && Date.now() - touched.mtimeMs > SILENT_MS;
}

/** null: none, or not written yet. */
async function ownerOf(path: string): Promise<number | null> {
  const owner = Number(await readFile(join(path, 'owner'), 'utf8').catch(() => ''));
  return Number.isInteger(owner) && owner > 0 ? owner : null;
}

function running(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
