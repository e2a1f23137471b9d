/** Commands killed half-way: what is there afterwards is whole, or is not there. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readModel } from '../../src/runtime/model.js';
import { cli } from '../cli/cli.js';
import { startSystole } from '../cli/process.js';
import { npz, openWorkshop, smallImages, smallModel, type Workshop } from '../cli/workshop.js';

vi.setConfig({ testTimeout: 300_000 });

let shop: Workshop;
beforeAll(() => {
  shop = openWorkshop();
  shop.file('m.onnx', smallModel());
  shop.file('data.npz', npz({ inputs: smallImages() }));
});
afterAll(() => shop.close());

const compile = (out: string, ...options: string[]) => [
  'compile',
  shop.path('m.onnx'),
  '-o',
  shop.path(out),
  '--calibration',
  shop.path('data.npz'),
  ...options,
];
const workFolders = () => shop.entries().filter((name) => name.includes('.tmp-'));
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Sends the signal as soon as the work folder of the output appears. Where this process came too late (a busy computer), the
 * compile has ended: it is prepared and tried again.
 */
async function killedWhileWriting(
  args: readonly string[],
  signal: NodeJS.Signals,
  prepare: () => Promise<unknown>,
): Promise<number | null> {
  for (let attempt = 0; attempt < 20; attempt++) {
    await prepare();
    const { child, ended } = startSystole(args);
    while (workFolders().length === 0 && child.exitCode === null) await setImmediate();
    child.kill(signal);
    const { code } = await ended;
    if (code !== 0) return code;
  }
  throw new Error('compile was always faster than the signal');
}

describe('compile killed while it writes', () => {
  const without = (out: string) => async () => rmSync(shop.path(out), { recursive: true, force: true });

  it.each(Object.entries(SIGNALS))('by %s exits with its code and leaves nothing', async (signal, code) => {
    const before = shop.entries();
    expect(await killedWhileWriting(compile('new'), signal as NodeJS.Signals, without('new'))).toBe(code);
    expect(shop.entries()).toEqual(before);
  });

  it('leaves the project that it was to replace as it was', async () => {
    const older = () => cli(...compile('old', '--weights', '3', '--force'));
    expect(await killedWhileWriting(compile('old', '--force'), 'SIGTERM', older)).toBe(143);
    const { project } = await readModel(shop.path('old'));
    expect(project.manifest.options.weights).toBe(3);
    expect(workFolders()).toEqual([]);
  });

  it('even by SIGKILL gives no half directory, and the next compile removes what it left aside', async () => {
    await killedWhileWriting(compile('kill'), 'SIGKILL', without('kill'));
    expect(shop.entries()).not.toContain('kill');
    expect(workFolders()).toHaveLength(1);
    expect((await cli(...compile('kill'))).code).toBe(0);
    expect(workFolders()).toEqual([]);
  });
});

describe('compile killed at any time', () => {
  it('has made the whole directory or none', async () => {
    for (let delay = 50; delay <= 1500; delay *= 1.7) {
      const { child, ended } = startSystole(compile('any', '--force'));
      const timer = setTimeout(() => child.kill('SIGTERM'), delay);
      const { code } = await ended;
      clearTimeout(timer);
      expect([0, 143, null]).toContain(code);
      if (shop.entries().includes('any')) await readModel(shop.path('any'));
      expect(workFolders()).toEqual([]);
    }
  });
});

/** Processes below this one, by /proc. */
function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
      .split(' ')
      .flatMap((id) => (id ? [Number(id)] : [])),
  );
}

const commandOf = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};

describe.skipIf(process.platform !== 'linux')('verify killed while it simulates', () => {
  it('takes its simulators with it', async () => {
    const project = shop.path('simulated');
    expect((await cli(...compile('simulated', '--machine', '1x8x8'))).code).toBe(0);
    expect((await cli('run', project, '--input', shop.path('data.npz'), '--on', 'verilator')).code).toBe(0);
    const { child, ended } = startSystole(['verify', project, '--random', '100000', '--jobs', '2']);
    const simulators = () => childrenOf(child.pid!).filter((pid) => commandOf(pid).includes('systole-sim'));
    while (child.exitCode === null && simulators().length < 2) await sleep(10);
    const found = simulators();
    child.kill('SIGTERM');
    expect((await ended).code).toBe(143);
    expect(found).toHaveLength(2);
    while (found.some((pid) => commandOf(pid).includes('systole-sim'))) await sleep(20);
  });
});

it('a build of the simulator that is killed leaves nothing that is used', async () => {
  const cache = shop.path('cache');
  expect((await cli(...compile('built', '--machine', '1x8x8'))).code).toBe(0);
  const verify = ['verify', shop.path('built'), '--random', '1'];
  const { child, ended } = startSystole(verify, { SYSTOLE_CACHE: cache });
  const building = () => (shop.entries().includes('cache') ? readdirSync(cache, { recursive: true }) : []).map(String);
  while (child.exitCode === null && !building().some((path) => path.includes('.tmp-'))) await sleep(5);
  child.kill('SIGTERM');
  expect((await ended).code).toBe(143);
  expect(building().filter((path) => path.includes('.tmp-') || path.includes('.lock'))).toEqual([]);
});
