/** Thresholds on a line in the accumulator, square roots included: the exact accumulator of each step. */
import { type RealQuantizer, slopeOf } from '../quantizer.js';
import { dyadic, negate } from '../rational.js';
import { type AccRange, stepRows } from '../steps.js';
import type { Channel } from './channel.js';
import { type CodeRuns, clampedRuns, runsOfSteps } from './code-runs.js';
import { constantForm, quotientOf, type RealForm, shifted } from './real-form.js';

/** @param row ascending; the code is how many of them the value has reached */
export function thresholdRuns({ form, bounds }: Channel, row: Float32Array, range: AccRange): CodeRuns {
  const down = slopeOf(reaching(form, 0)).alpha < 0;
  const own = down ? { min: -range.max, max: -range.min } : range;
  const steps = Array.from(row, (t) => firstStep(form, t, own, down));
  let runs = runsOfSteps(steps, 0, own, down);
  for (const { min, max } of bounds) {
    const least = min === null ? 0 : countOf(min, row);
    runs = clampedRuns(runs, least, max === null ? row.length : Math.max(least, countOf(max, row)));
  }
  // Behind two batch norms the steps are those of a root that was rounded.
  return { ...runs, proven: form.rounded !== true };
}

/** The first accumulator (of -acc where it falls) that reaches the threshold; range.max + 1 where none does. */
function firstStep(form: RealForm, threshold: number, range: AccRange, down: boolean): number {
  if (threshold === Number.NEGATIVE_INFINITY) return range.min;
  if (threshold === Number.POSITIVE_INFINITY) return range.max + 1;
  const f = reaching(form, threshold);
  const rising = down ? { ...f, p: -f.p, root: f.root && { ...f.root, p: -f.root.p } } : f;
  return stepRows(rising, range)(0)[0]!;
}

function countOf(end: RealForm, row: Float32Array): number {
  const point = { min: 0, max: 0 };
  return row.reduce((count, t) => count + (firstStep(end, t, point, false) === 0 ? 1 : 0), 0);
}

/** Code 0 from the threshold on, -1 in front of it. */
function reaching(form: RealForm, threshold: number): RealQuantizer {
  const moved = shifted(form, negate(dyadic(threshold)));
  const limits = { lo: -1, hi: 0, least: -1, most: 0 };
  return {
    ...quotientOf(moved, { scale: constantForm(1).line.q, zero: 0, base: 0 }),
    ...limits,
    round: 'floor',
    zero: 0,
    step: 1,
  };
}
