import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PASS_MODES } from '../../src/arch/program/records.js';
import { feedModel } from '../../src/arch/timing/feed.js';
import { feedTiming } from '../../src/arch/timing/fields.js';
import {
  CONFIGURATIONS,
  type Configuration,
  CYCLES,
  feedFiles,
  hexOf,
  SOURCES,
  WAW,
  WEIGHT_WORDS,
} from './feed-case.js';
import { feedSteps } from './feed-model.js';
import { randomFeeds } from './feed-records.js';
import { type Bench, compileBench, icarusAvailable } from './icarus.js';
import { type Pick, picker } from './random.js';

interface Cycle {
  readonly move: boolean;
  readonly issue: boolean;
  readonly done: boolean;
  readonly credit: boolean;
  readonly post: boolean;
  readonly fill: boolean;
  readonly release: boolean;
  /** Counter * 65536 + step. */
  readonly freed: number | null;
  readonly w: number | null;
  readonly rows: readonly { readonly valid: boolean; readonly ctrl: number; readonly digits: string }[];
}

function parseCycle(line: string): Cycle {
  const [flags, w, freed, ...rows] = line.split(' ') as [string, string, string, ...string[]];
  const flag = (i: number) => flags[i] === '1';
  return {
    ...{ move: flag(0), issue: flag(1), done: flag(2), credit: flag(3), post: flag(4) },
    ...{ fill: flag(6), release: flag(7), freed: flag(8) ? Number(freed) : null },
    w: flag(5) ? Number(w) : null,
    rows: Array.from({ length: rows.length / 3 }, (_, r) => ({
      valid: rows[3 * r] === '1',
      ctrl: Number(rows[3 * r + 1]),
      digits: rows[3 * r + 2]!,
    })),
  };
}

describe.skipIf(!icarusAvailable)('systole_feed and the rows of memory behind it', () => {
  const benches = new Map<Configuration, Bench>();
  beforeAll(async () => {
    for (const configuration of CONFIGURATIONS) {
      benches.set(configuration, await compileBench('feed_bench', SOURCES, { ...configuration, WAW }));
    }
  });
  afterAll(async () => {
    for (const bench of benches.values()) await bench.close();
  });

  /** Runs records on random memory; `stalls` are percents of cycles without rows, credits, POST records. */
  async function run(configuration: Configuration, feeds: ReturnType<typeof randomFeeds>, pick: Pick) {
    const { digits, files } = feedFiles(configuration, feeds, pick);
    const lines = await benches.get(configuration)!.run(files, { cycles: CYCLES, record_count: feeds.records.length });
    return { digits, files, cycles: lines.filter((line) => /^[01]{9} /.test(line)).map(parseCycle) };
  }

  test.each(CONFIGURATIONS)('gives every lane the digit of its definition, row by row (%o)', async (configuration) => {
    const pick = picker(5 + configuration.ROWS);
    const { ROWS, LANES, AD, AW } = configuration;
    for (let round = 0; round < 5; round += 1) {
      const feeds = randomFeeds(pick, configuration);
      const { records } = feeds;
      const { digits, cycles } = await run(configuration, feeds, pick);
      const shape = {
        rows: ROWS,
        lanes: LANES,
        codes: 2 ** AW,
        weightWords: WEIGHT_WORDS,
        ringWords: configuration.RING_WORDS,
      };
      const expected = feedSteps(records, shape, { ...feeds, digits });
      expect(cycles.filter(({ done }) => done)).toHaveLength(records.length);
      expect(cycles.flatMap(({ w }) => (w === null ? [] : [w]))).toEqual(expected.map(({ w }) => w % 2 ** WAW));
      for (let r = 0; r < ROWS; r += 1) {
        const found = cycles.flatMap(({ rows }) => (rows[r]!.valid ? [`${rows[r]!.ctrl} ${rows[r]!.digits}`] : []));
        const wanted = expected.map(({ clear, last, shift, mode, digits: lanes }) => {
          const ctrl = (clear ? 128 : 0) + (last ? 64 : 0) + shift * 4 + PASS_MODES[mode];
          return `${ctrl} ${hexOf(lanes[r]!, AD)}`;
        });
        expect(found, `row ${r} of ${JSON.stringify(records)}`).toEqual(wanted);
      }
    }
  });

  test.each(CONFIGURATIONS)('issues its steps in the cycles of the cycle model (%o)', async (configuration) => {
    const pick = picker(50 + configuration.ROWS);
    for (let round = 0; round < 5; round += 1) {
      const feeds = randomFeeds(pick, configuration);
      const { records } = feeds;
      const { files, cycles } = await run(configuration, feeds, pick);
      const model = feedModel(configuration.FIFO_ENTRIES);
      let next = 0;
      let active: ReturnType<typeof feedTiming> | null = null;
      for (const [i, cycle] of cycles.entries()) {
        if (i >= CYCLES || next > records.length) break;
        model.decide(active, Int32Array.of(files.in_counts[i]!, files.res_counts[i]!));
        expect([i, model.issues(), model.recordEnds()], JSON.stringify(records)).toEqual([i, cycle.issue, cycle.done]);
        const started = cycle.move ? feedTiming(records[next]!) : null;
        const released = model.releases();
        expect(released > 0).toBe(cycle.release);
        const freed = model.frees();
        expect(cycles[i + 3]?.freed ?? null).toBe(freed === null ? null : freed.counter * 65536 + freed.step);
        model.step(started, cycle.credit ? 1 : 0, cycle.post, cycle.post, cycle.fill);
        if (cycle.move) next += 1;
        if (started !== null || cycle.done) active = started;
        // Digits reach stage 0 of row r in t+4+r.
        if (cycle.issue) expect(cycle.rows.every((_, r) => cycles[i + 4 + r]!.rows[r]!.valid)).toBe(true);
      }
      expect(cycles.filter(({ done }) => done)).toHaveLength(records.length);
    }
  });
});
