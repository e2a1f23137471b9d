/** Any function from accumulators to codes, as the runs of accumulators that have one code. */
import type { AccRange } from '../steps.js';

export interface CodeRuns {
  readonly range: AccRange;
  /** Ascending; the first is range.min. */
  readonly starts: readonly number[];
  /** Of the run that begins there; neighbours differ. */
  readonly codes: readonly number[];
  /** False where the runs between two tried accumulators of one code are taken for one, or a root was rounded. */
  readonly proven: boolean;
}

/** Beyond so many accumulators in a layer not each of them is tried. */
const WHOLE_LIMIT = 2 ** 22;
/** As many stretches of a range are then looked into: a function that turns within one of them twice is taken for a flat one. */
const STRETCHES = 2 ** 13;

/** @param shared channels that have functions of their own in the same layer */
export function runsOf(codeAt: (acc: number) => number, range: AccRange, shared: number): CodeRuns {
  const count = range.max - range.min + 1;
  const proven = count * shared <= WHOLE_LIMIT;
  const stretch = proven ? 1 : Math.max(1, Math.floor(count / STRETCHES));
  const starts = [range.min];
  const codes = [codeAt(range.min)];
  const refine = (from: number, to: number, codeFrom: number, codeTo: number): void => {
    if (codeFrom === codeTo) return;
    if (to - from === 1) {
      starts.push(to);
      codes.push(codeTo);
      return;
    }
    const middle = Math.floor((from + to) / 2);
    const code = codeAt(middle);
    refine(from, middle, codeFrom, code);
    refine(middle, to, code, codeTo);
  };
  for (let from = range.min, code = codes[0]!; from < range.max; ) {
    const to = Math.min(range.max, from + stretch);
    const next = codeAt(to);
    refine(from, to, code, next);
    from = to;
    code = next;
  }
  return { range, starts, codes, proven };
}

/** From the first accumulators of the codes first+1, first+2 ... of a function that rises, or falls with `down`. */
export function runsOfSteps(steps: readonly number[], first: number, range: AccRange, down: boolean): CodeRuns {
  const codeAt = new Map<number, number>([[range.min, first]]);
  steps.forEach((step, i) => {
    if (step <= range.max) codeAt.set(Math.max(range.min, step), first + i + 1);
  });
  const ordered = [...codeAt].sort(([a], [b]) => a - b);
  if (!down) {
    return { range, starts: ordered.map(([start]) => start), codes: ordered.map(([, code]) => code), proven: true };
  }
  // Steps of -acc: the run that begins there ends here.
  const ends = ordered.map(([start]) => -start).reverse();
  const own = { min: -range.max, max: -range.min };
  const starts = ends.map((_, i) => (i === 0 ? own.min : ends[i - 1]! + 1));
  return { range: own, starts, codes: ordered.map(([, code]) => code).reverse(), proven: true };
}

/** The same, clamped. */
export function clampedRuns(runs: CodeRuns, least: number, most: number): CodeRuns {
  const starts: number[] = [];
  const codes: number[] = [];
  runs.codes.forEach((code, i) => {
    const clamped = Math.min(most, Math.max(least, code));
    if (codes.at(-1) === clamped) return;
    starts.push(runs.starts[i]!);
    codes.push(clamped);
  });
  return { ...runs, starts, codes };
}

export function codeAt({ starts, codes }: CodeRuns, acc: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= acc) low = middle;
    else high = middle - 1;
  }
  return codes[low]!;
}

/** 1: codes never fall; -1: they never rise; 0: neither. A constant rises. */
export function directionOf({ codes }: CodeRuns): 1 | -1 | 0 {
  const moves = codes.slice(1).map((code, i) => Math.sign(code - codes[i]!));
  if (moves.every((move) => move > 0)) return 1;
  return moves.every((move) => move < 0) ? -1 : 0;
}
