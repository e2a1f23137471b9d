/**
 * Faults of the folder, contexts, buffers, tiles and freed rows in FEED, injected one at a time: its bench, which test/rtl/feed.test.ts
 * holds against the definition, prints something else with each of them.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFIGURATIONS, CYCLES, feedFiles, SOURCES, WAW } from '../rtl/feed-case.js';
import { randomFeeds } from '../rtl/feed-records.js';
import { compileBench, icarusAvailable } from '../rtl/icarus.js';
import { picker } from '../rtl/random.js';
import { projectRoot } from '../sim/rtl-files.js';

const FAULTS = [
  ['segments stay in the order of lanes', 'feed_fold', '.by_i(offset_i)', ".by_i({LANE_BITS{1'b0}})"],
  ['what a fold adds to the address is forgotten', 'feed_fold', 's1_fold ? entry[AW-1:0]', "1'b0 ? entry[AW-1:0]"],
  ['the second row has the segments of the first', 'row_hop', '.by_i(move[LANE_BITS-1:0])', ".by_i({LANE_BITS{1'b0}})"],
  ['segments are one word apart', 'group', "b[WORD_BITS+2:0] * {3'd0, rstride_i}", 'b[WORD_BITS+2:0]'],
  ['folded lanes are masked', 'feed', 'folds ? INSIDE : x', 'x'],
  ['buffers do not wrap', 'feed_rows', 'wraps_q && !stays &&', "1'b0 && !stays &&"],
  ['a buffer wraps one row late', 'feed_rows', '!row_over[AW+1]', '!row_over[AW+1] && row_over != 0'],
  ['a record that resumes begins anew', 'feed_rows', 'shadow_i[`SYSTOLE_FEED_RESUME*32] ? found', "1'b0 ? found"],
  ['what the record before has left is not seen at once', 'feed_rows', 'saves && save == find ? now', "1'b0 ? now"],
  ['rows go on behind the last column tile', 'feed_rows', 'ends_i[OY] && !ends_i[CO]', "1'b0"],
  ['lines of a tile are one', 'row_hop', "cols == 5'd1 ||", "1'b0 ||"],
  ['every line is in the map', 'row_hop', 'wraps ? !y_next[XW-1] && y_next < y_max_i', "wraps ? 1'b1"],
  ['rows are free in every column tile', 'feed', 'issue && ends[2] && c_last &&', 'issue && ends[2] &&'],
] as const;

describe.skipIf(!icarusAvailable)('a fault of FEED shows (skipped where Icarus is not installed)', () => {
  const configuration = CONFIGURATIONS[1];
  const runs = [1, 2, 3].map((seed) => {
    const pick = picker(900 + seed);
    const feeds = randomFeeds(pick, configuration);
    return { files: feedFiles(configuration, feeds, pick).files, records: feeds.records.length };
  });
  let sound: readonly (readonly string[])[] = [];
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'systole-feed-'));
    sound = await printed(SOURCES);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function printed(sources: readonly string[]): Promise<string[][]> {
    const bench = await compileBench('feed_bench', sources, { ...configuration, WAW });
    const lines: string[][] = [];
    for (const { files, records } of runs) {
      lines.push(await bench.run(files, { cycles: CYCLES / 10, record_count: records }));
    }
    await bench.close();
    return lines;
  }

  test.each(FAULTS)('%s', { timeout: 120_000 }, async (_title, module, from, to) => {
    const text = await readFile(join(projectRoot, `templates/rtl/systole_${module}.v`), 'utf8');
    expect(text.split(from)).toHaveLength(2);
    const faulty = join(folder, `systole_${module}.v`);
    await writeFile(faulty, text.replace(from, to));
    const sources = SOURCES.map((source) =>
      source.endsWith(`/systole_${module}.v`) ? relative(projectRoot, faulty) : source,
    );
    expect(await printed(sources)).not.toEqual(sound);
  });
});
