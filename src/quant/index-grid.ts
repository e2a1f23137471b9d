/** The indices of a table: evenly over the arguments between which the function's code changes. */
import type { CodeTensor } from './network.js';

export interface RealRange {
  readonly min: number;
  readonly max: number;
}

/** real = scale*(index - zero), index 0 .. count - 1; the zero may lie outside. */
export interface IndexGrid {
  readonly scale: number;
  readonly zero: number;
  readonly count: number;
}

export interface TabledFunction {
  readonly valueAt: (x: number) => number;
  /** Where it turns from falling to rising or back. */
  readonly turns: readonly number[];
  readonly output: CodeTensor;
  /** Of its arguments: those that sums can be at all, and those that calibration saw. */
  readonly reach: RealRange;
  readonly seen: RealRange;
}

/** Arguments looked at in a range. */
const PROBES = 2048;
/** Looking closer ends at this part of all arguments: finer, positions would no longer be exact. */
const CLOSEST = 2 ** -8;
/** What is kept beyond the arguments seen, as a part of them, even where indices get coarser than codes by that. */
const BEYOND = 1 / 8;

/**
 * As wide as all changes of the code, where the steepest part still has an index for each code; else as wide as that allows, and
 * as what was seen.
 */
export function indexGrid(f: TabledFunction, bits: number): IndexGrid {
  const changing = changingRange(f);
  if (changing === null) return oneIndex(f.reach);
  const count = 2 ** bits;
  // One index more on each side, so that rounding leaves the end codes to the ends.
  const steps = count - 3;
  const { min, max } = widened(f, changing, steps / steepest(f, changing));
  const scale = Math.fround((max - min) / steps);
  return { scale, zero: 1 - Math.round(min / scale), count };
}

/** One code for all: index 0 is one of the arguments. */
function oneIndex({ min }: RealRange): IndexGrid {
  return min === 0 ? { scale: 1, zero: 0, count: 1 } : { scale: Math.abs(min), zero: -Math.sign(min), count: 1 };
}

/** Between the last argument of the first code and the first of the last one; null where there is but one code. */
function changingRange(f: TabledFunction): RealRange | null {
  const { bits, scale, zero } = f.output;
  const top = 2 ** bits - 1;
  // A probe whose code is one off moves the ends of the grid by as little as its place.
  const codeNear = (x: number): number => Math.max(0, Math.min(top, Math.round(f.valueAt(x) / scale + zero)));
  const closest = CLOSEST * (f.reach.max - f.reach.min);
  let range = f.reach;
  for (;;) {
    const points = probes(f, range);
    const codes = points.map(codeNear);
    const first = codes.findIndex((code) => code !== codes[0]);
    if (first < 0) return null;
    const last = codes.findLastIndex((code) => code !== codes.at(-1));
    const closer = { min: points[first - 1]!, max: points[last + 1]! };
    const width = closer.max - closer.min;
    if (width <= closest || width > (range.max - range.min) / 2) return closer;
    range = closer;
  }
}

/** Ascending; closer together where calibration saw arguments. */
function probes({ turns, seen }: TabledFunction, range: RealRange): number[] {
  const inside = (x: number): boolean => x > range.min && x < range.max;
  const evenly = ({ min, max }: RealRange): number[] =>
    Array.from({ length: PROBES + 1 }, (_, i) => min + ((max - min) * i) / PROBES);
  const points = [...evenly(range), ...evenly(seen).filter(inside), ...turns.filter(inside)];
  return [...new Set(points)].sort((a, b) => a - b);
}

/** In codes for each unit of the argument. */
function steepest(f: TabledFunction, range: RealRange): number {
  const width = (range.max - range.min) / PROBES;
  let [most, before] = [0, f.valueAt(range.min)];
  for (let i = 1; i <= PROBES; i++) {
    const value = f.valueAt(range.min + i * width);
    most = Math.max(most, Math.abs(value - before));
    before = value;
  }
  return most / width / f.output.scale;
}

function widened({ seen }: TabledFunction, changing: RealRange, width: number): RealRange {
  if (changing.max - changing.min <= width) return changing;
  const within = (x: number): number => Math.min(changing.max, Math.max(changing.min, x));
  const beyond = BEYOND * (seen.max - seen.min);
  const [min, max] = [within(seen.min - beyond), within(seen.max + beyond)];
  const [below, above] = [min - changing.min, changing.max - max];
  const spare = width - (max - min);
  const more = spare > 0 && below + above > 0 ? spare / (below + above) : 0;
  return { min: min - more * below, max: max + more * above };
}
