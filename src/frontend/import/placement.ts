/** Values at other places: index lists along the axes of a map as the few parts of an arrangement. */
import type { ArrangePart, MapGrid } from '../graph.js';
import type { ImportCall } from '../operators/operator.js';
import { base } from './emit.js';
import { extentOf, type MapAxis, type MapSize } from './layout.js';
import { limit } from './refuse.js';
import { newTensor } from './state.js';
import type { MapTensor } from './value.js';

/** Indices `to + k * toStep` of what is made come from `from + k * fromStep`, for k below the count. */
export interface Run {
  readonly from: number;
  readonly fromStep: number;
  readonly to: number;
  readonly toStep: number;
  readonly count: number;
}

/** The index along an axis of the input that each index of the output comes from; null: the fill. */
export type Picks = readonly (number | null)[];

/** More are no longer cheap: each part is a pass over its values. */
export const MOST_PARTS = 128;

/** Of one pixel that is spread over a map: what multiplies or is added to a map takes the pixel itself. */
const MOST_SPREAD = 2 ** 16;

/** How far the next index of a run is looked for. */
const WIDEST_STEP = 32;

/** What a new node and tensor need to know. */
export type Making = Pick<ImportCall, 'node' | 'state' | 'source'>;

/** Few runs that cover the list: greedily the longest that begins at the first index not covered yet. */
export function runsOf(picks: Picks): Run[] {
  const open = picks.map((pick) => pick !== null);
  const runs: Run[] = [];
  for (let to = 0; to < picks.length; to++) {
    if (!open[to]) continue;
    const run = longestRun(picks, open, to);
    for (let k = 0; k < run.count; k++) open[to + k * run.toStep] = false;
    runs.push(run);
  }
  return runs;
}

function longestRun(picks: Picks, open: readonly boolean[], to: number): Run {
  const from = picks[to]!;
  let best: Run = { from, fromStep: 1, to, toStep: 1, count: 1 };
  for (let toStep = 1; toStep <= WIDEST_STEP && to + toStep < picks.length; toStep++) {
    const fromStep = (picks[to + toStep] ?? from) - from;
    if (!open[to + toStep] || fromStep < 1) continue;
    let count = 2;
    while (open[to + count * toStep] && picks[to + count * toStep] === from + count * fromStep) count++;
    if (count > best.count) best = { from, fromStep, to, toStep, count };
  }
  return best;
}

export function wholeRun(size: number): Run {
  return { from: 0, fromStep: 1, to: 0, toStep: 1, count: size };
}

/** A tensor whose axes hold what the lists say; axes without a list stay. Codes of other places are `fill`. */
export function emitPicked(
  call: Making,
  input: MapTensor,
  picks: { readonly [axis in MapAxis]?: Picks },
  fill = 0,
): MapTensor {
  const spread = input.height * input.width === 1 && picks.c === undefined;
  const runs = (axis: MapAxis): Run[] => {
    const list = picks[axis];
    return list === undefined ? [wholeRun(extentOf(input, axis))] : runsOf(list);
  };
  const size = (axis: MapAxis): number => picks[axis]?.length ?? extentOf(input, axis);
  const parts = partsOf(call, input.name, runs('h'), runs('w'), runs('c'), spread ? MOST_SPREAD : MOST_PARTS);
  const shape = { channels: size('c'), height: size('h'), width: size('w') };
  return emitArrange(call, parts, { ...shape, vector: input.vector }, fill);
}

/** Every run along rows with every one along columns and channels. @throws SystoleError operator-limit for too many */
export function partsOf(
  call: Making,
  input: string,
  rows: readonly Run[],
  columns: readonly Run[],
  channels: readonly Run[],
  most = MOST_PARTS,
): ArrangePart[] {
  checkParts(call, rows.length * columns.length * channels.length, most);
  return rows.flatMap((y) => columns.flatMap((x) => channels.map((c) => partOfRuns(input, y, x, c))));
}

export function checkParts(call: Making, count: number, most = MOST_PARTS): void {
  if (count <= most) return;
  throw limit(call, `${call.node.operator} moves values to too many places one by one`, {
    expected: `at most ${MOST_PARTS} regular parts`,
    actual: `${count}`,
    hint: 'keep channels, rows and columns in their order; move the operator to the end of the network, where the host does it',
  });
}

function partOfRuns(input: string, y: Run, x: Run, c: Run): ArrangePart {
  const from: MapGrid = { y: y.from, x: x.from, c: c.from, yStep: y.fromStep, xStep: x.fromStep, cStep: c.fromStep };
  const to: MapGrid = { y: y.to, x: x.to, c: c.to, yStep: y.toStep, xStep: x.toStep, cStep: c.toStep };
  return { input, from, to, size: [y.count, x.count, c.count] };
}

/** @throws SystoleError onnx-too-large */
export function emitArrange(
  call: Making,
  parts: readonly ArrangePart[],
  size: MapSize & { readonly vector: boolean },
  fill: number,
): MapTensor {
  const made = newTensor(call.state, call.node, size);
  call.state.nodes.push({ kind: 'arrange', ...base(call), parts, fill });
  return made;
}
