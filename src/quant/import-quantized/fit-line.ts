/** A requantizer whose steps are given: the lines between all of them, and the first of short constants among those. */
import type { RequantizeWidths } from '../certificate.js';
import { type CodeRuns, directionOf } from './code-runs.js';

export interface LineConstants {
  readonly m: number;
  readonly b: bigint;
  readonly n: number;
}

/** Sums stay exact in doubles below this. */
const EXACT = 2 ** 52;
/** Enough to narrow any slope of float64 down to its last bit. */
const ROUNDS = 200;

/** code of runs = clamp(floor((acc*m + b) / 2^n), lo, hi); null where no line has all these steps, or none that fits. */
export function fitLine(runs: CodeRuns, lo: number, hi: number, widths: RequantizeWidths): LineConstants | null {
  const direction = directionOf(runs);
  if (direction === 0) return null;
  if (direction === 1) return fitRising(marks(runs, lo, hi), hi - lo, widths);
  const found = fitRising(marks(reversed(runs), lo, hi), hi - lo, widths);
  return found && { ...found, m: -found.m + 0 };
}

/** At `acc` the code is at least or at most `code`. */
interface Mark {
  readonly acc: number;
  readonly code: number;
}

interface Marks {
  readonly least: readonly Mark[];
  readonly most: readonly Mark[];
}

function marks({ starts, codes, range }: CodeRuns, lo: number, hi: number): Marks {
  const least: Mark[] = [];
  const most: Mark[] = [];
  codes.forEach((code, i) => {
    if (code > lo) least.push({ acc: starts[i]!, code });
    if (code < hi) most.push({ acc: (starts[i + 1] ?? range.max + 1) - 1, code });
  });
  return { least, most };
}

function reversed({ starts, codes, range, proven }: CodeRuns): CodeRuns {
  const own = { min: -range.max, max: -range.min };
  const ends = starts.map((_, i) => (starts[i + 1] ?? range.max + 1) - 1);
  return { range: own, starts: ends.map((end) => -end).reverse(), codes: [...codes].reverse(), proven };
}

function fitRising(given: Marks, span: number, widths: RequantizeWidths): LineConstants | null {
  const limits = { m: 2 ** (widths.mBits - 1) - 1, b: Math.min(EXACT, 2 ** (widths.bBits - 1) - 1) };
  const largest = Math.min(2 ** widths.nBits - 1, 51 - Math.ceil(Math.log2(span + 2)));
  const slope = bestSlope(given, span);
  for (let n = 0; n <= largest; n++) {
    const m = Math.round(slope * 2 ** n);
    if (m > limits.m) return null;
    const [low, high] = offsets(given, m, 2 ** n);
    if (low > high) continue;
    const b = Math.max(low, Math.min(high, 0));
    if (Math.abs(b) <= limits.b) return { m, b: BigInt(b), n };
  }
  return null;
}

/** Offsets that a slope leaves, in steps of 1/unit; whole ones. */
function offsets({ least, most }: Marks, m: number, unit: number): readonly [number, number] {
  const low = least.reduce((bound, { acc, code }) => Math.max(bound, code * unit - m * acc), Number.NEGATIVE_INFINITY);
  const high = most.reduce(
    (bound, { acc, code }) => Math.min(bound, (code + 1) * unit - 1 - m * acc),
    Number.POSITIVE_INFINITY,
  );
  return [low, high];
}

/** The room for offsets is concave in the slope: its middle, by thirds. */
function bestSlope(given: Marks, span: number): number {
  const room = (slope: number): number => {
    const [low, high] = offsets(given, slope, 1);
    return high - low;
  };
  let [from, to] = [0, span];
  for (let i = 0; i < ROUNDS && to - from > Number.EPSILON * to; i++) {
    const third = (to - from) / 3;
    if (room(from + third) < room(to - third)) from += third;
    else to -= third;
  }
  return (from + to) / 2;
}
