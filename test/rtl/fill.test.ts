/** The weight mover alone, against an AXI4 memory that checks every rule and stalls at random. */
import { describe, expect, test } from 'vitest';
import { fillModel } from '../../src/arch/timing/fill.js';
import { testMachine } from '../support/machines.js';
import { type Bench, compileBench, icarusAvailable } from './icarus.js';
import { picker } from './random.js';

interface Shape {
  readonly LANES: number;
  readonly WD: number;
  readonly COLS: number;
  readonly RING_WORDS: number;
  readonly DATA_BITS: number;
  readonly BURST: number;
  readonly OUTSTANDING: number;
}
const shape: Shape = { LANES: 16, WD: 3, COLS: 4, RING_WORDS: 8, DATA_BITS: 128, BURST: 16, OUTSTANDING: 4 };

const SHAPES: readonly Shape[] = [
  shape,
  // Column words of 1 piece behind beats of 16, of 3 behind 4, of 32 behind 1, of 4 behind 8.
  { ...shape, LANES: 2, WD: 1, COLS: 5, DATA_BITS: 512, RING_WORDS: 2 },
  { ...shape, LANES: 32, COLS: 3, BURST: 8, RING_WORDS: 16, OUTSTANDING: 8 },
  { ...shape, LANES: 128, WD: 8, COLS: 2, DATA_BITS: 32, BURST: 256, RING_WORDS: 4, OUTSTANDING: 1 },
  { ...shape, LANES: 16, WD: 8, DATA_BITS: 256, BURST: 1, OUTSTANDING: 2 },
  { ...shape, LANES: 128, COLS: 1, DATA_BITS: 64, BURST: 4, OUTSTANDING: 64, RING_WORDS: 64 },
];

interface Job {
  /** In bytes from DRAM_BASE, a multiple of 64. */
  readonly address: number;
  readonly words: number;
}

const pieces = ({ LANES, WD, COLS }: Shape) => Math.ceil((LANES * WD) / 32) * COLS;
const ceil64 = (bytes: number) => 64 * Math.ceil(bytes / 64);

/** Jobs one behind the other from shortly before a boundary of 4 KiB on, of any length. */
function jobsFor(one: Shape, seed: number): readonly Job[] {
  const pick = picker(seed);
  let address = 4096 - 64 * (1 + pick(3));
  return Array.from({ length: 3 }, () => {
    const words = 1 + pick(3 * one.RING_WORDS);
    const job = { address, words };
    address += ceil64(4 * words * pieces(one)) + 64 * pick(3);
    return job;
  });
}

interface Run {
  readonly memory: readonly number[];
  readonly lines: readonly string[];
}

const IDEAL = { address_stall: 0, data_stall: 0, latency: 5, error_beat: -1, flush_at: -100, most: 1 };

async function runJobs(one: Shape, jobs: readonly Job[], seed: number, change: Partial<typeof IDEAL>): Promise<Run> {
  const last = jobs.at(-1)!;
  const length = (last.address + ceil64(4 * last.words * pieces(one))) / 4;
  const pick = picker(seed);
  const memory = Array.from({ length }, () => pick(2 ** 32));
  const bench: Bench = await compileBench(
    'fill_bench',
    ['fill_bench', 'dram_slave']
      .map((name) => `test/rtl/${name}.v`)
      .concat(['fill', 'dram_read'].map((name) => `templates/rtl/systole_${name}.v`)),
    { ...one, RING_BITS: Math.log2(one.RING_WORDS), PIECES: length, JOBS: jobs.length },
  );
  try {
    const files = { memory, jobs: jobs.flatMap(({ address, words }) => [address, words]) };
    const lines = await bench.run(files, { ...IDEAL, seed, slave_seed: seed + 1, ...change });
    return { memory, lines: lines.filter((line) => line !== '') };
  } finally {
    await bench.close();
  }
}

const of = (kind: string, lines: readonly string[]) => lines.filter((line) => line.startsWith(`${kind} `));

function machineOf({ LANES, WD, COLS, RING_WORDS, DATA_BITS, BURST, OUTSTANDING }: Shape, latency: number) {
  return testMachine({
    ...{ lanes: LANES, weightDigit: WD as 1 | 3 | 8, cols: COLS, postWidth: 1, columnsPerStage: 1 },
    memory: { ringWords: RING_WORDS, fifoEntries: 2 ** 10 },
    dram: {
      ...{ dataBits: DATA_BITS as 32 | 64 | 128 | 256 | 512, addressBits: 32, burst: BURST, outstanding: OUTSTANDING },
      model: { latency, efficiency: 100 },
    },
  });
}

/** What the columns must be given, in order. */
function expectedWrites(one: Shape, jobs: readonly Job[], memory: readonly number[]): string[] {
  const per = Math.ceil((one.LANES * one.WD) / 32);
  const lines: string[] = [];
  let ring = 0;
  for (const { address, words } of jobs) {
    for (let word = 0; word < words; word++) {
      for (let column = 0; column < one.COLS; column++) {
        const at = address / 4 + (word * one.COLS + column) * per;
        const value = Array.from({ length: per }, (_, k) => BigInt(memory[at + k]!) << BigInt(32 * k));
        const bits = BigInt.asUintN(
          one.LANES * one.WD,
          value.reduce((sum, piece) => sum + piece, 0n),
        );
        const text = bits.toString(16).padStart(Math.ceil((one.LANES * one.WD) / 4), '0');
        lines.push(`WRITE ${ring % one.RING_WORDS} ${column} ${text}`);
      }
      ring += 1;
    }
  }
  return lines;
}

/** Ring words begun and not given back: never more than the ring has. */
function mostInRing(lines: readonly string[]): number {
  let inside = 0;
  let most = 0;
  for (const line of lines) {
    const [kind, first, column] = line.split(' ');
    if (kind === 'WRITE' && column === '0') inside += 1;
    if (kind === 'BACK') inside -= Number(first);
    most = Math.max(most, inside);
  }
  return most;
}

describe.skipIf(!icarusAvailable)('the weight mover (skipped where Icarus is not installed)', () => {
  const stalls = [
    { address_stall: 0, data_stall: 0, latency: 1 },
    { address_stall: 70, data_stall: 20, latency: 40 },
    { address_stall: 10, data_stall: 80, latency: 100 },
  ];
  const cases = SHAPES.flatMap((one, i) => stalls.map((stall, k) => ({ one, stall, seed: 10 * i + k })));
  test.each(cases)('brings every word of its jobs, in order and no more than there is room: $one $stall', async (c) => {
    const { one, stall, seed } = c;
    const jobs = jobsFor(one, seed);
    const { lines, memory } = await runJobs(one, jobs, seed, stall);
    expect(of('BROKEN', lines)).toEqual([]);
    expect(of('WRITE', lines)).toEqual(expectedWrites(one, jobs, memory));
    expect(mostInRing(lines)).toBeLessThanOrEqual(one.RING_WORDS);
    expect(lines).toContain('DONE');
    // A beat is asked for once, and only beats of the jobs are.
    const beats = of('BURST', lines).reduce((sum, line) => sum + Number(line.split(' ')[2]), 0);
    const needed = jobs.map(({ words }) => Math.ceil((words * pieces(one) * 32) / one.DATA_BITS));
    expect(beats).toBe(needed.reduce((sum, n) => sum + n, 0));
  });

  test('never stops where FEED gives words back only when the ring is full', async () => {
    for (const [i, one] of SHAPES.entries()) {
      const jobs = [{ address: 4032, words: 4 * one.RING_WORDS }];
      const { lines, memory } = await runJobs(one, jobs, i, { most: one.RING_WORDS, latency: 30 });
      expect(of('BROKEN', lines)).toEqual([]);
      expect(of('WRITE', lines)).toEqual(expectedWrites(one, jobs, memory));
    }
  });

  test('brings a column word in every cycle where beats come as fast', async () => {
    const one = { ...shape, LANES: 32, COLS: 8, RING_WORDS: 64, BURST: 16, OUTSTANDING: 8 };
    const { lines } = await runJobs(one, [{ address: 0, words: 60 }], 1, { latency: 60 });
    const whole = of('WHOLE', lines).map((line) => Number(line.split(' ')[1]));
    expect(whole.at(-1)! - whole[0]!).toBe(59 * 8);
  });

  test.each(SHAPES)('makes each word whole in the cycle that its model says: %j', async (one) => {
    const jobs = jobsFor(one, 5);
    const latency = 30;
    const { lines } = await runJobs(one, jobs, 5, { latency, most: Math.ceil(one.RING_WORDS / 2) });
    const cycles = (kind: string) => of(kind, lines).map((line) => line.split(' ').slice(1).map(Number));
    const begins = new Map(cycles('ACTIVE').map(([cycle], i) => [cycle! - 1, jobs[i]!]));
    const back = new Map(cycles('BACK').map(([words, cycle]) => [cycle, words!]));
    const whole = cycles('WHOLE').map(([cycle]) => cycle!);
    const model = fillModel(machineOf(one, latency));
    const found: number[] = [];
    for (let cycle = 0; cycle <= whole.at(-1)!; cycle++) {
      model.done();
      if (model.wordDone()) found.push(cycle);
      model.step(begins.get(cycle) ?? null, back.get(cycle) ?? 0);
    }
    expect(found).toEqual(whole);
  });

  test('begins anew behind a reset in the middle of bursts, and takes nothing of what was under way', async () => {
    for (const [i, one] of SHAPES.entries()) {
      const jobs = jobsFor(one, i);
      for (const flush_at of [20, 33, 47, 90]) {
        const { lines, memory } = await runJobs(one, jobs, i, {
          latency: 25,
          data_stall: 30,
          address_stall: 30,
          flush_at,
        });
        expect(of('BROKEN', lines)).toEqual([]);
        const behind = lines.slice(lines.indexOf('FLUSH'));
        expect(of('WRITE', behind)).toEqual(expectedWrites(one, jobs, memory));
      }
    }
  });

  test('tells of an error response once it comes, and asks for nothing more', async () => {
    const one = SHAPES[0]!;
    const jobs = [{ address: 0, words: 200 }];
    for (const error_beat of [0, 1, 17, 63]) {
      const { lines } = await runJobs(one, jobs, 3, { error_beat, data_stall: 30 });
      expect(lines).toContain('ERROR');
      const behind = lines.slice(lines.indexOf('ERROR'));
      // One that was offered in the same cycle may still be taken.
      expect(of('BURST', behind).length).toBeLessThanOrEqual(2);
      expect(of('BROKEN', lines)).toEqual([]);
      expect(lines).not.toContain('DONE');
    }
  });
});
