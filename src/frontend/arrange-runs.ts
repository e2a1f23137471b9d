/** The parts of a rearranged map, axis by axis. */
import type { ArrangePart, MapGrid, Shape } from './graph.js';

/** Indices along one axis of a tensor. */
export interface Run {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** Along axes 1 to 3, or 1 of a vector. */
export function runsOf(grid: MapGrid, [rows, columns, channels]: ArrangePart['size'], rank: number): Run[] {
  const runs = [
    { axis: 1, start: grid.c, step: grid.cStep, count: channels },
    { axis: 2, start: grid.y, step: grid.yStep, count: rows },
    { axis: 3, start: grid.x, step: grid.xStep, count: columns },
  ];
  // The step of a single index means nothing.
  return runs.slice(0, rank - 1).map((run) => (run.count === 1 ? { ...run, step: 1 } : run));
}

/**
 * For each axis of the output the indices of the one input that its indices come from, -1 where nothing does.
 * null where there are several inputs, or an axis depends on another one.
 */
export function separated(parts: readonly ArrangePart[], output: Shape): Int32Array[] | null {
  if (parts.some(({ input }) => input !== parts[0]!.input)) return null;
  const lists = output.slice(1).map((n) => new Int32Array(n).fill(-1));
  let covered = 0;
  for (const { from, to, size } of parts) {
    covered += size[0] * size[1] * size[2];
    const sources = runsOf(from, size, output.length);
    for (const [i, { start, step, count }] of runsOf(to, size, output.length).entries()) {
      const source = sources[i]!;
      for (let k = 0; k < count; k++) {
        const index = source.start + k * source.step;
        const known = lists[i]![start + k * step]!;
        if (known >= 0 && known !== index) return null;
        lists[i]![start + k * step] = index;
      }
    }
  }
  const box = lists.reduce((product, list) => product * list.filter((index) => index >= 0).length, 1);
  return box === covered ? lists : null;
}
