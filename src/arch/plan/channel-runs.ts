import type { ArrangePart } from '../../frontend/graph.js';
import type { ViewGrid } from './views.js';

/** Rows and columns of one map that go to channels side by side of another one: what one layer of the array can move. */
export interface ChannelRun {
  readonly input: string;
  readonly rows: number;
  readonly columns: number;
  /** Without their channels. */
  readonly from: Omit<ViewGrid, 'c'>;
  readonly to: ViewGrid;
  /** Channel of the input for each channel from to.c on. */
  readonly channels: readonly number[];
}

/** Parts cut and joined so that each run writes consecutive channels: an interleaved set of parts becomes one run. */
export function channelRuns(parts: readonly ArrangePart[]): readonly ChannelRun[] {
  const groups = new Map<string, ArrangePart[]>();
  for (const part of parts) {
    const key = JSON.stringify([part.input, part.size.slice(0, 2), place(part.from), place(part.to)]);
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  return [...groups.values()].flatMap(runsOfGroup);
}

const place = ({ y, x, yStep, xStep }: ArrangePart['from']) => ({ y, x, yStep, xStep });

function runsOfGroup(group: readonly ArrangePart[]): readonly ChannelRun[] {
  const [first] = group as readonly [ArrangePart, ...ArrangePart[]];
  const moves = group
    .flatMap(({ from, to, size }) =>
      Array.from({ length: size[2] }, (_, k) => ({ from: from.c + k * from.cStep, to: to.c + k * to.cStep })),
    )
    .sort((a, b) => a.to - b.to);
  const starts = moves.flatMap(({ to }, i) => (i === 0 || moves[i - 1]!.to + 1 < to ? [i] : []));
  return starts.map((start, i) => {
    const run = moves.slice(start, starts[i + 1] ?? moves.length);
    return {
      input: first.input,
      rows: first.size[0],
      columns: first.size[1],
      from: place(first.from),
      to: { ...place(first.to), c: run[0]!.to },
      channels: run.map(({ from }) => from),
    };
  });
}
