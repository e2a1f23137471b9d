/** The bench of FEED and its rows: configurations, and the files of a run on random records. */
import type { FoldEntry } from '../../src/arch/program/fold-memory.js';
import type { PassEntry } from '../../src/arch/program/program.js';
import { PASS_MODES, RECORD_FIELDS } from '../../src/arch/program/records.js';
import type { Feed } from './feed-model.js';
import type { randomFeeds } from './feed-records.js';
import type { Pick } from './random.js';

const FOLDS = { FOLD_ENTRIES: 16 } as const;
const NO_FOLDS = { FOLD_ENTRIES: 0 } as const;
const RING = { RING_WORDS: 64, RING_BITS: 6 } as const;
const NO_RING = { RING_WORDS: 0, RING_BITS: 1 } as const;
export const CONFIGURATIONS = [
  {
    ROWS: 1,
    LANES: 4,
    LANE_BITS: 2,
    AD: 8,
    AW: 8,
    FIFO_ENTRIES: 16,
    CREDIT_BITS: 5,
    CONTEXTS: 4,
    ...FOLDS,
    ...NO_RING,
  },
  { ROWS: 4, LANES: 8, LANE_BITS: 3, AD: 4, AW: 9, FIFO_ENTRIES: 32, CREDIT_BITS: 6, CONTEXTS: 2, ...FOLDS, ...RING },
  {
    ROWS: 3,
    LANES: 2,
    LANE_BITS: 1,
    AD: 2,
    AW: 7,
    FIFO_ENTRIES: 16,
    CREDIT_BITS: 5,
    CONTEXTS: 0,
    ...NO_FOLDS,
    ...RING,
  },
  {
    ROWS: 8,
    LANES: 16,
    LANE_BITS: 4,
    AD: 1,
    AW: 9,
    FIFO_ENTRIES: 64,
    CREDIT_BITS: 7,
    CONTEXTS: 0,
    ...FOLDS,
    ...NO_RING,
  },
] as const;
export type Configuration = (typeof CONFIGURATIONS)[number];

export const SOURCES = [
  ...[
    'feed',
    'feed_walk',
    'feed_rows',
    'feed_need',
    'feed_fold',
    'feed_ring',
    'feed_issue',
    'turn',
    'loop',
    'row',
    'row_hop',
    'group',
    'ram',
  ].map((name) => `templates/rtl/systole_${name}.v`),
  'test/rtl/feed_bench.v',
];
export const CYCLES = 30000;
export const WAW = 8;
export const WEIGHT_WORDS = 128;

const words = (record: Feed) => RECORD_FIELDS.feed.map(({ name }) => record[name] >>> 0);

const passWord = ({ aOff, wOff, shift, mode, padDigit }: PassEntry) =>
  BigInt(aOff) | (BigInt(wOff | (shift << 20) | (PASS_MODES[mode] << 24)) << 32n) | (BigInt(padDigit) << 64n);

const foldWord = ({ aOff, segments }: FoldEntry) => BigInt(aOff >>> 0) | (BigInt(`0x${hexOf(segments, 3)}`) << 32n);

export const hexOf = (digits: readonly number[], bits: number) =>
  digits
    .reduceRight((value, digit) => (value << BigInt(bits)) | BigInt(digit), 0n)
    .toString(16)
    .padStart(Math.ceil((digits.length * bits) / 4), '0');

/** Contents of memories, and what happens in which cycle: some of it slow, as `pick` will have it. */
export function feedFiles(
  configuration: Configuration,
  { records, passes, folds }: ReturnType<typeof randomFeeds>,
  pick: Pick,
) {
  const { LANES, AD, AW } = configuration;
  const digits = [0, 1].map(() => Array.from({ length: 2 ** AW }, () => pick(2 ** AD)));
  const memory = digits.flatMap((group) =>
    Array.from({ length: group.length / LANES }, (_, q) => group.slice(q * LANES, (q + 1) * LANES)),
  );
  const [slowRows, slowCredits, slowPosts, slowFills] = [pick(2), pick(2), pick(2), pick(2)];
  const rising = (slow: number) => {
    let count = 0;
    return Array.from({ length: CYCLES }, () => {
      count = slow && pick(400) === 0 ? 0 : Math.min(60, count + (pick(slow ? 8 : 2) === 0 ? 1 : 0));
      return count;
    });
  };
  const files = {
    fields: records.flatMap(words),
    passes: passes.map(passWord),
    memory: memory.map((word) => BigInt(`0x${hexOf(word, AD)}`)),
    in_counts: rising(slowRows),
    res_counts: rising(slowRows),
    folds: folds.map(foldWord),
    fills: Array.from({ length: CYCLES }, () => (pick(slowFills ? 8 : 2) === 0 ? 1 : 0)),
    credits: Array.from({ length: CYCLES }, () => (pick(slowCredits ? 4 : 1) === 0 ? 1 : 0)),
    posts: Array.from({ length: CYCLES }, () => (pick(slowPosts ? 30 : 2) === 0 ? 1 : 0)),
  };
  return { digits, files };
}
