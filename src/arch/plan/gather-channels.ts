/** Channels of several maps that alternate: first side by side, then picked in their order by one layer. */
import type { ArrangePart } from '../../frontend/graph.js';
import type { ArrangeLayer } from '../../quant/network.js';
import { type ChannelRun, channelRuns } from './channel-runs.js';
import { addTensor, type Draft, tensorOf } from './draft.js';

/** Runs of channels more than maps they come from that are still moved one by one. */
const MOST_EXTRA_RUNS = 2;

/** The same rearrangement, in two steps where one would move every channel by itself; the last one makes the tensor. */
export function gatherChannels(layer: ArrangeLayer, draft: Draft): readonly ArrangeLayer[] {
  const groups = groupBy(channelRuns(layer.parts), ({ to, rows, columns }) =>
    JSON.stringify([{ ...to, c: 0 }, rows, columns]),
  );
  const steps = groups.map((runs) => {
    const sources = groupBy(runs, sourceOf);
    return runs.length > sources.length + MOST_EXTRA_RUNS
      ? gather(layer, sources, draft)
      : { before: [], parts: runs.flatMap(partsOf) };
  });
  if (steps.every(({ before }) => before.length === 0)) return [layer];
  return [...steps.flatMap(({ before }) => before), { ...layer, parts: steps.flatMap(({ parts }) => parts) }];
}

interface Steps {
  readonly before: readonly ArrangeLayer[];
  readonly parts: readonly ArrangePart[];
}

/** @param sources runs by the map they come from, all to the same rows and columns */
function gather(layer: ArrangeLayer, sources: readonly (readonly ChannelRun[])[], draft: Draft): Steps {
  const [{ rows, columns, input }] = sources[0] as readonly [ChannelRun];
  const channels = sources.flat().reduce((sum, run) => sum + run.channels.length, 0);
  const shape = { ...tensorOf(draft.tensors, input), height: rows, width: columns, channels };
  const { name } = addTensor(draft, `${layer.output}.gathered`, shape);
  const collected: ArrangePart[] = [];
  const parts: ArrangePart[] = [];
  for (const run of sources.flat().flatMap(singleChannels).sort(bySource)) {
    const c = collected.length;
    collected.push(partOf(run, { ...ORIGIN, c }));
    parts.push(partOf({ ...run, input: name, from: ORIGIN, channels: [c] }, { ...run.to, cStep: 1 }));
  }
  return { before: [{ ...layer, parts: collected, output: name }], parts };
}

const ORIGIN = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };

const sourceOf = ({ input, from }: ChannelRun) => JSON.stringify([input, from]);

function bySource(a: ChannelRun, b: ChannelRun): number {
  const [x, y] = [sourceOf(a), sourceOf(b)];
  return x === y ? a.channels[0]! - b.channels[0]! : x < y ? -1 : 1;
}

const singleChannels = (run: ChannelRun): readonly ChannelRun[] =>
  run.channels.map((channel, k) => ({ ...run, to: { ...run.to, c: run.to.c + k }, channels: [channel] }));

const partsOf = (run: ChannelRun): readonly ArrangePart[] =>
  singleChannels(run).map((one) => partOf(one, { ...one.to, cStep: 1 }));

/** Of a run of one channel. */
function partOf({ input, from, rows, columns, channels }: ChannelRun, to: ArrangePart['to']): ArrangePart {
  return { input, from: { ...from, c: channels[0]!, cStep: 1 }, to, size: [rows, columns, 1] };
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}
