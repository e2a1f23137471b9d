/** In which order the layers of a segment make which rows. */
import { type RowLayer, rowsNeeded } from './row-layer.js';

export interface Pace {
  /** Rows of the last layer in one period. */
  readonly rows: number;
  /**
   * True: what a layer makes is read a period later, so that the machine's pipeline is drained meanwhile; false: in the same
   * period, with fewer rows to keep.
   */
  readonly ahead: boolean;
}

/** Rows that each layer makes in one period, in the order of the layers; 0: it has no turn. */
export type Period = readonly number[];

/** `count` equal periods after each other. */
export interface PeriodRun {
  readonly period: Period;
  readonly count: number;
}

/**
 * Every period makes the next rows of the last layer, and of every other one what its readers need for theirs. All rows of all
 * layers are made.
 * @param layers every one but the last is read by a later one
 */
export function segmentPeriods(layers: readonly RowLayer[], pace: Pace): readonly Period[] {
  const last = layers.at(-1)!;
  const lead = pace.ahead ? layers.map((_, i) => distanceToEnd(layers, i)) : layers.map(() => 0);
  const periods = Math.ceil(last.rows / pace.rows);
  const made = layers.map(() => 0);
  const result: Period[] = [];
  for (let t = -Math.max(...lead); t < periods; t++) {
    const isLast = t === periods - 1;
    const targets = targetsAt(layers, t, pace);
    const period = layers.map(({ rows }, i) => {
      const target = isLast ? rows : Math.max(made[i]!, targets[i]!);
      const turn = target - made[i]!;
      made[i] = target;
      return turn;
    });
    if (period.some((rows) => rows > 0)) result.push(period);
  }
  return result;
}

/** Rows that each layer has made at the end of period t. */
function targetsAt(layers: readonly RowLayer[], t: number, pace: Pace): readonly number[] {
  const known = new Map<string, number>();
  const target = (i: number, at: number): number => {
    const key = `${i} ${at}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = i === layers.length - 1 ? lastTarget(layers[i]!, at, pace) : demanded(i, at);
    known.set(key, value);
    return value;
  };
  const demanded = (i: number, at: number): number => {
    const until = pace.ahead ? at + 1 : at;
    const demands = layers.flatMap((reader, j) =>
      reader.reads.filter(({ maker }) => maker === i).map((read) => rowsNeeded(read, target(j, until))),
    );
    return Math.min(layers[i]!.rows, Math.max(...demands));
  };
  return layers.map((_, i) => target(i, t));
}

function lastTarget({ rows }: RowLayer, t: number, pace: Pace): number {
  return Math.max(0, Math.min(rows, (t + 1) * pace.rows));
}

/** Readers between a layer and the segment's end, on the longest way. */
function distanceToEnd(layers: readonly RowLayer[], i: number): number {
  const readers = layers.flatMap(({ reads }, j) => (reads.some(({ maker }) => maker === i) ? [j] : []));
  return readers.length === 0 ? 0 : 1 + Math.max(...readers.map((j) => distanceToEnd(layers, j)));
}

/** Equal periods after each other as runs; one in which a layer has its first turn stands alone. */
export function periodRuns(periods: readonly Period[]): readonly PeriodRun[] {
  const runs: PeriodRun[] = [];
  const begun = new Set<number>();
  let startsBefore = true;
  for (const period of periods) {
    const starts = period.some((rows, i) => rows > 0 && !begun.has(i));
    period.forEach((rows, i) => {
      if (rows > 0) begun.add(i);
    });
    const before = runs.at(-1);
    const repeats = before?.period.every((rows, i) => rows === period[i]) && !starts && !startsBefore;
    if (before && repeats) runs.splice(-1, 1, { period, count: before.count + 1 });
    else runs.push({ period, count: 1 });
    startsBefore = starts;
  }
  return runs;
}
