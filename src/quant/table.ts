/**
 * A function of the sum through a table: the requantizer makes an index on a fine grid, the table the function's code there.
 * Beside the function of the sum itself this rounds once more, which is counted: where the codes differ, and by how many.
 */
import type { ChannelConstants } from './certificate.js';
import { layerExactness } from './ledger.js';
import type { CertificateCheck, Exactness } from './network.js';
import { slopeOf } from './quantizer.js';
import type { Reach } from './steps.js';

/** Positions count in indices: index i stands for i - 1/2 to i + 1/2, the first and the last one for all beyond, too. */
export interface TableGrid {
  /** By index. */
  readonly codes: Uint16Array;
  /** What the function itself gives at a position. */
  readonly codeAt: (position: number) => number;
  /** Positions where it turns from falling to rising or back. */
  readonly turns: readonly number[];
  /** Every sum is an index, as where the layer's input codes are looked up themselves. */
  readonly whole: boolean;
}

export function tableExactness(
  channels: readonly ChannelConstants[],
  reaches: readonly Reach[],
  table: TableGrid,
  checked: CertificateCheck,
): Exactness {
  const ofIndex = layerExactness(
    channels.map((c) => c.exactness),
    checked,
  );
  const lines = channels.map((c, i) => positionsOf(c, reaches[i]!));
  const from = lines.reduce((least, line) => Math.min(least, line.least), Number.POSITIVE_INFINITY);
  const to = lines.reduce((most, line) => Math.max(most, line.most), Number.NEGATIVE_INFINITY);
  const wrong = table.whole ? [] : differingPositions(table, from, to);
  const differing = lines.reduce((sum, line) => sum + countWithin(line, wrong), 0);
  if (ofIndex.kind !== 'approximate') {
    if (differing === 0) return ofIndex;
    return { kind: 'approximate', differing, maxCodes: Math.max(...wrong.map(({ codes }) => codes)) };
  }
  const besides = largestJump(table.codes, ofIndex.maxCodes);
  const maxCodes = besides + wrong.reduce((most, { codes }) => Math.max(most, codes), 0);
  return { kind: 'approximate', differing: ofIndex.differing + differing, maxCodes };
}

/** position = alpha*acc + beta + rho*res */
interface Line {
  readonly alpha: number;
  readonly beta: number;
  readonly rho: number;
  readonly reach: Reach;
  readonly least: number;
  readonly most: number;
}

function positionsOf(c: ChannelConstants, reach: Reach): Line {
  const { alpha, beta, rho } = slopeOf(c.quantizer);
  const ends = [reach.range.min, reach.range.max].flatMap((acc) =>
    [0, reach.residualCodes - 1].map((res) => alpha * acc + beta + rho * res),
  );
  return { alpha, beta, rho, reach, least: Math.min(...ends), most: Math.max(...ends) };
}

interface Differing {
  readonly from: number;
  readonly to: number;
  readonly codes: number;
}

/** Where a boundary lies is found to this part of an index. */
const FINEST = 2 ** -20;

/** Intervals on which the table's code is not the function's, ascending. */
function differingPositions({ codes, codeAt, turns }: TableGrid, from: number, to: number): Differing[] {
  const found: Differing[] = [];
  // Between turns the function is monotone: alike at both ends, it is alike within.
  const split = (start: number, first: number, end: number, last: number, code: number): void => {
    const middle = (start + end) / 2;
    if (first === last || end - start <= FINEST || middle <= start || middle >= end) {
      const codes = Math.max(Math.abs(first - code), Math.abs(last - code));
      if (codes > 0) found.push({ from: start, to: end, codes });
      return;
    }
    const there = codeAt(middle);
    split(start, first, middle, there, code);
    split(middle, there, end, last, code);
  };
  codes.forEach((code, i) => {
    const start = i === 0 ? Math.min(from, -0.5) : i - 0.5;
    const end = i === codes.length - 1 ? Math.max(to, i + 0.5) : i + 0.5;
    const inner = turns.filter((turn) => turn > start && turn < end);
    const points = [start, ...inner, end];
    for (let p = 0; p + 1 < points.length; p++) {
      split(points[p]!, codeAt(points[p]!), points[p + 1]!, codeAt(points[p + 1]!), code);
    }
  });
  return found;
}

/** Pairs of accumulator and residual code whose position lies in one of the intervals, counted in doubles. */
function countWithin({ alpha, beta, rho, reach }: Line, intervals: readonly Differing[]): number {
  const { min, max } = reach.range;
  let count = 0;
  for (let res = 0; res < reach.residualCodes; res++) {
    const offset = beta + rho * res;
    for (const { from, to } of intervals) {
      if (alpha === 0) {
        if (offset >= from && offset < to) count += max - min + 1;
        continue;
      }
      const [start, end] = alpha > 0 ? [from, to] : [to, from];
      const first = Math.max(min, Math.ceil((start - offset) / alpha));
      const last = Math.min(max, Math.ceil((end - offset) / alpha) - 1);
      if (last >= first) count += last - first + 1;
    }
  }
  return count;
}

/** Between entries at most so many indices apart. */
function largestJump(codes: Uint16Array, apart: number): number {
  let most = 0;
  for (let i = 0; i < codes.length; i++) {
    for (let k = 1; k <= apart && i + k < codes.length; k++) {
      most = Math.max(most, Math.abs(codes[i]! - codes[i + k]!));
    }
  }
  return most;
}
