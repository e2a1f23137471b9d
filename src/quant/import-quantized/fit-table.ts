/** Requantizers to the indices of one table: each channel's function of its accumulator, in a table that channels share where they can. */
import type { RequantizeWidths } from '../certificate.js';
import type { Exactness } from '../network.js';
import type { CodeRuns } from './code-runs.js';
import { type IndexLine, indexLine, type Line, staysWithin, tallyOf, votesOf } from './table-index.js';

export interface TableChannel {
  readonly runs: CodeRuns;
  /** The value that the function is one of: slope*acc + offset. */
  readonly line: Line;
}

export interface TableFit {
  readonly m: readonly number[];
  readonly b: readonly bigint[];
  readonly n: readonly number[];
  readonly table: Uint16Array;
  readonly exactness: Exactness;
}

/**
 * @param alike all channels are one function of their values
 * @returns null where there are more functions than entries, or the widths leave no constants that keep them apart
 */
export function fitTable(
  channels: readonly TableChannel[],
  alike: boolean,
  entries: number,
  widths: RequantizeWidths,
): TableFit | null {
  return everyAccumulator(channels, entries) ?? scaledIndices(channels, alike, entries, widths);
}

/** An entry for each accumulator, where that is room enough. */
function everyAccumulator(channels: readonly TableChannel[], entries: number): TableFit | null {
  const bases = new Map<string, number>();
  const table: number[] = [];
  const b: bigint[] = [];
  const m: number[] = [];
  for (const { runs, line } of channels) {
    const { range, starts, codes } = runs;
    const size = range.max - range.min + 1;
    const rising = line.slope >= 0;
    const key = JSON.stringify([size, starts.map((s) => s - range.min), codes, rising]);
    let base = bases.get(key);
    if (base === undefined) {
      base = table.length;
      if (base + size > entries || !runs.proven) return null;
      bases.set(key, base);
      const values = codes.flatMap((code, i) =>
        new Array<number>((starts[i + 1] ?? range.max + 1) - starts[i]!).fill(code),
      );
      table.push(...(rising ? values : values.reverse()));
    }
    m.push(rising ? 1 : -1);
    b.push(BigInt(rising ? base - range.min : base + range.max));
  }
  return { m, b, n: m.map(() => 0), table: Uint16Array.from(table), exactness: { kind: 'exact' } };
}

/** Values at even distances between the first step of all channels and the last, one table entry for each. */
function scaledIndices(
  channels: readonly TableChannel[],
  alike: boolean,
  entries: number,
  widths: RequantizeWidths,
): TableFit | null {
  const groups = alike ? [channels] : channels.map((channel) => [channel]);
  const size = Math.floor(entries / groups.length);
  if (size < 2) return null;
  const table: number[] = [];
  const lines: IndexLine[] = [];
  let [differing, maxCodes, proven] = [0, 0, true];
  for (const group of groups) {
    const segment = { size, base: table.length, alone: groups.length === 1 };
    const placed = group.map((channel) => ({ ...channel, index: indexLine(channel, group, segment, widths) }));
    if (!segment.alone && !placed.every(({ index, runs }) => staysWithin(segment, index, runs.range))) return null;
    const votes = votesOf(placed, segment);
    const tally = tallyOf(votes);
    table.push(...tally.codes);
    lines.push(...placed.map(({ index }) => index));
    differing += tally.differing;
    maxCodes = Math.max(maxCodes, tally.maxCodes);
    proven &&= group.every(({ runs }) => runs.proven);
  }
  return {
    ...{ m: lines.map(({ m }) => m), b: lines.map(({ b }) => BigInt(b)), n: lines.map(({ n }) => n) },
    table: Uint16Array.from(table),
    exactness:
      differing > 0 ? { kind: 'approximate', differing, maxCodes } : { kind: proven ? 'exact' : 'exact-in-range' },
  };
}
