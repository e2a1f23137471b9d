/** Where accumulators fall in a table, and what its entries should be. */
import type { RequantizeWidths } from '../certificate.js';
import type { CodeRuns } from './code-runs.js';
import type { TableChannel } from './fit-table.js';

export interface Line {
  readonly slope: number;
  readonly offset: number;
}

/** Entries base .. base + size - 1. */
export interface Segment {
  readonly size: number;
  readonly base: number;
}

/** index = floor((acc*m + b) / 2^n), then the segment's ends. */
export interface IndexLine {
  readonly m: number;
  readonly b: number;
  readonly n: number;
}

/** Sums stay exact in doubles below this. */
const EXACT = 2 ** 50;
const MOST_SHIFT = 40;

/**
 * One segment is the whole table: its first entry is for all values in front of the first step, its last one for those
 * behind the last, since the requantizer clamps there. Of several, each holds all that its channels reach.
 */
export function indexLine(
  { line }: TableChannel,
  group: readonly TableChannel[],
  segment: Segment & { readonly alone: boolean },
  widths: RequantizeWidths,
): IndexLine {
  const { size, base, alone } = segment;
  const ends = group.flatMap(({ runs, line: own }) =>
    (alone ? stepsOf(runs) : [runs.range.min, runs.range.max]).map((acc) => own.slope * acc + own.offset),
  );
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  if (ends.length === 0 || line.slope === 0) return { m: 0, b: base, n: 0 };
  const margin = alone ? 1 : 0.5;
  const unit =
    last > first ? (last - first) / Math.max(1, size - 2 * margin - 1 + Number(alone)) : Math.abs(line.slope);
  const slope = line.slope / unit;
  const offset = (line.offset - first) / unit + margin + base;
  const mMost = Math.min(2 ** (widths.mBits - 1) - 1, 2 ** 31);
  const bMost = Math.min(EXACT, 2 ** (widths.bBits - 1) - 1);
  const fits = (n: number): boolean =>
    Math.abs(slope) * 2 ** n <= mMost && (Math.abs(offset) + base + size) * 2 ** n <= bMost;
  let n = 0;
  while (n < Math.min(2 ** widths.nBits - 1, MOST_SHIFT) && fits(n + 1)) n++;
  return { m: Math.round(slope * 2 ** n), b: Math.round(offset * 2 ** n), n };
}

/** The middle between the accumulators on both sides of the first step, and of the last. */
function stepsOf({ starts }: CodeRuns): number[] {
  return [starts[1], starts.at(-1)].flatMap((start, _, [first]) =>
    start === undefined || first === undefined ? [] : [start - 0.5],
  );
}

/** By entry: how many accumulators want each code. */
export type Votes = readonly Map<number, number>[];

export function votesOf(channels: readonly (TableChannel & { readonly index: IndexLine })[], segment: Segment): Votes {
  const votes = Array.from({ length: segment.size }, () => new Map<number, number>());
  for (const { runs, index } of channels) vote(votes, runs, index, segment);
  return votes;
}

function indexAt(acc: number, { m, b, n }: IndexLine): number {
  return Math.floor((acc * m + b) / 2 ** n);
}

/** All that the channel reaches lies in its segment: short constants may move the line out of it. */
export function staysWithin({ base, size }: Segment, line: IndexLine, { min, max }: CodeRuns['range']): boolean {
  return [min, max].every((acc) => indexAt(acc, line) >= base && indexAt(acc, line) < base + size);
}

/** Runs of one entry against runs of one code: both are few beside the accumulators. */
function vote(votes: Votes, { range, starts, codes }: CodeRuns, line: IndexLine, segment: Segment): void {
  const entryAt = (acc: number): number => Math.min(segment.size - 1, Math.max(0, indexAt(acc, line) - segment.base));
  for (let i = 0; i < starts.length; i++) {
    const end = (starts[i + 1] ?? range.max + 1) - 1;
    for (let acc = starts[i]!; acc <= end; ) {
      const entry = entryAt(acc);
      const last = lastOf(entry, acc, end, entryAt);
      const counts = votes[entry]!;
      counts.set(codes[i]!, (counts.get(codes[i]!) ?? 0) + last - acc + 1);
      acc = last + 1;
    }
  }
}

/** The last accumulator of the run that has this entry. */
function lastOf(entry: number, from: number, end: number, entryAt: (acc: number) => number): number {
  let [low, high] = [from, end];
  while (low < high) {
    const middle = Math.floor((low + high + 1) / 2);
    if (entryAt(middle) === entry) low = middle;
    else high = middle - 1;
  }
  return low;
}

export interface Tally {
  readonly codes: readonly number[];
  readonly differing: number;
  readonly maxCodes: number;
}

/** The code that most accumulators want; entries that none reaches repeat the one before. */
export function tallyOf(votes: Votes): Tally {
  const codes: number[] = [];
  let [differing, maxCodes] = [0, 0];
  for (const counts of votes) {
    const best = [...counts].reduce<readonly [number, number]>(
      (a, b) => (b[1] > a[1] ? b : a),
      [codes.at(-1) ?? 0, 0],
    )[0];
    codes.push(best);
    for (const [code, count] of counts) {
      if (code === best) continue;
      differing += count;
      maxCodes = Math.max(maxCodes, Math.abs(code - best));
    }
  }
  return { codes, differing, maxCodes };
}
