import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
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

test('a failure releases it', async () => {
  const path = join(folder, 'x.lock');
  await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(path, async () => 1)).toBe(1);
});
