import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withLock } from '../../sim/lock.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'systole-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('holders follow one another', async () => {
  let inside = 0;
  const work = () =>
    withLock(join(folder, 'x.lock'), async () => {
      inside += 1;
      expect(inside).toBe(1);
      await sleep(20);
      inside -= 1;
    });
  await Promise.all([work(), work(), work()]);
});

test('the lock of a process that is gone is taken over', async () => {
  const path = join(folder, 'x.lock');
  await mkdir(path);
  await writeFile(join(path, 'owner'), `${2 ** 22 + 1}`); // above the largest process number of Linux
  expect(await withLock(path, async () => 7)).toBe(7);
});

test('the lock of a number that another process has now is taken over when it has been silent for long', async () => {
  const path = join(folder, 'x.lock');
  await mkdir(path);
  await writeFile(join(path, 'owner'), `${process.pid}`);
  const long = new Date(Date.now() - 60_000);
  await utimes(path, long, long);
  expect(await withLock(path, async () => 3)).toBe(3);
});

test('a holder keeps it alive, and leaves alone what another has taken over', async () => {
  const path = join(folder, 'x.lock');
  const before = Date.now();
  await withLock(path, async () => {
    const old = new Date(before - 29_000);
    await utimes(path, old, old);
    await vi.waitFor(async () => expect((await stat(path)).mtimeMs).toBeGreaterThanOrEqual(before - 1000), 5000);
    await writeFile(join(path, 'owner'), '1');
  });
  expect(await readFile(join(path, 'owner'), 'utf8')).toBe('1');
});

test('a failure releases it', async () => {
  const path = join(folder, 'x.lock');
  await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(path, async () => 1)).toBe(1);
});
