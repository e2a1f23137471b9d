/** The channel folder at the feed: a kernel window's rows side by side in the lanes (docs/machine.md, FEED). */
import { type FoldEntry, MOST_SEGMENTS } from '../program/fold-memory.js';

export interface FoldedWindow {
  /** Words from where a kernel row's codes end in the lanes to where the next row's begin in memory. */
  readonly stride: number;
  /** One for each step. */
  readonly entries: readonly FoldEntry[];
}

export interface Window {
  readonly kernelRows: number;
  /** Codes of one kernel row, consecutive in memory. */
  readonly run: number;
  /** Codes in memory from one kernel row to the next. */
  readonly pitch: number;
}

/** null where the banks of a step's lanes would not differ, or where a step reaches over too many kernel rows. */
export function foldWindow({ kernelRows, run, pitch }: Window, lanes: number): FoldedWindow | null {
  const gap = pitch - run;
  if (gap < 0 || gap % lanes !== 0) return null;
  const codes = kernelRows * run;
  const entries = Array.from({ length: Math.ceil(codes / lanes) }, (_, step) => {
    const first = Math.floor((step * lanes) / run);
    const segments = Array.from({ length: lanes }, (_lane, lane) => {
      const code = Math.min(step * lanes + lane, codes - 1);
      return Math.floor(code / run) - first;
    });
    return { aOff: first * gap, segments };
  });
  const fits = entries.every(({ segments }) => segments.every((segment) => segment < MOST_SEGMENTS));
  return fits ? { stride: gap / lanes, entries } : null;
}

/** The shortest pitch of at least `least` codes at which a window folds; undefined where there is none. */
export function foldingPitch(least: number, run: number, dilation: number, lanes: number): number | undefined {
  const pitches = Array.from({ length: lanes }, (_, i) => least + i);
  return pitches.find((pitch) => pitch * dilation >= run && (pitch * dilation - run) % lanes === 0);
}
