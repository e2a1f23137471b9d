import type { AccRange } from '../steps.js';
import { type CodeRuns, runsOf } from './code-runs.js';
import { type CodeGrid, ofChannel } from './grid.js';
import { slopeAndOffset } from './real-form.js';
import { thresholdRuns } from './threshold-runs.js';
import type { Pending } from './values.js';

/** Each channel's function from its accumulators to the codes of the grid. */
export function curvedRuns(pending: Pending, grid: CodeGrid, ranges: readonly AccRange[]): readonly CodeRuns[] {
  const { channels } = pending;
  if (pending.curve === null) {
    return channels.map((channel, c) => {
      const runs = thresholdRuns(channel, ofChannel(grid.rows!, c), ranges[c]!);
      return { ...runs, codes: runs.codes.map((count) => grid.lo + grid.step * count) };
    });
  }
  return channels.map(({ start }, c) => {
    const [slope, offset] = slopeAndOffset(start);
    const codeAt = (acc: number): number => {
      const value = Math.fround(slope * acc + offset);
      return grid.codeOf(
        pending.steps.reduce((x, step) => step.apply(x, c), value),
        c,
      );
    };
    return runsOf(codeAt, ranges[c]!, channels.length);
  });
}

/** All channels are one function of what is in front of the curve, which pools may turn round in all of them or none. */
export function isAlike({ curve, steps, falls }: Pending, grid: CodeGrid): boolean {
  if (falls.some((f) => f !== falls[0])) return false;
  if (curve === null) return grid.rows!.length === 1;
  const one = grid.scales.length === 1 && grid.shifts.length === 1 && grid.divisors.length === 1;
  return one && (grid.rows === null || grid.rows.length === 1) && steps.slice(curve).every((step) => !step.perChannel);
}
