/** Rearranged maps: read in place, written in place, or moved by layers that hand codes on. */
import type { ArrangeLayer, CodeTensor } from '../../quant/network.js';
import type { ArrayLayer } from './array-layer.js';
import { type ChannelRun, channelRuns } from './channel-runs.js';
import { addTensor, type Draft, tensorOf } from './draft.js';
import { blankLayer, identityLayer, selectionLayer } from './identity-layer.js';
import { type Box, uncoveredBoxes } from './uncovered-boxes.js';
import type { ViewGrid } from './views.js';

/** Layers that write `fill` where no part lies; with more the whole map is filled first. */
const MOST_FILLS = 8;

/**
 * A slice of one map is no layer at all: its readers read there. Otherwise a part that is a whole map is written by its
 * own maker straight into its place, and every other one by a layer that reads it and writes it there.
 */
export function arrangeLayers(layer: ArrangeLayer, draft: Draft): readonly ArrayLayer[] {
  const to = tensorOf(draft.tensors, layer.output);
  const runs = channelRuns(layer.parts);
  const [only, ...others] = runs as readonly [ChannelRun, ...ChannelRun[]];
  if (others.length === 0 && isConsecutive(only) && coversWhole(only, to)) {
    draft.views.set(to.name, { kind: 'slice', of: only.input, grid: { ...only.from, c: only.channels[0]! } });
    return [];
  }
  const boxes = uncoveredBoxes(layer.parts, to, MOST_FILLS);
  const fillsAll = boxes.length === 1 && boxes[0]!.size.every((n, i) => n === [to.height, to.width, to.channels][i]);
  const fills = boxes.map((box) => fillLayer(layer, only.input, box, to, draft));
  const moves = runs.map((run) => {
    if (draft.inPlace && !fillsAll && mayBeWrittenInPlace(run, draft)) {
      draft.views.set(run.input, { kind: 'part', of: to.name, grid: run.to });
      return { made: run.input, layers: [] };
    }
    const copy = moveLayer(layer, run, to, draft);
    return { made: copy.output, layers: [copy] };
  });
  draft.components.set(to.name, [...fills.map(({ output }) => output), ...moves.map(({ made }) => made)]);
  return [...fills, ...moves.flatMap(({ layers }) => layers)];
}

const isConsecutive = ({ channels }: ChannelRun) => channels.every((channel, k) => channel === channels[0]! + k);

function coversWhole({ rows, columns, channels, to }: ChannelRun, map: CodeTensor): boolean {
  return to.c === 0 && rows === map.height && columns === map.width && channels.length === map.channels;
}

/** A whole map that a layer makes and that lies nowhere else yet. */
function mayBeWrittenInPlace(run: ChannelRun, draft: Draft): boolean {
  const { rows, columns, channels, input } = run;
  const map = tensorOf(draft.tensors, input);
  const whole = rows === map.height && columns === map.width && channels.length === map.channels;
  return whole && isConsecutive(run) && !draft.views.has(input) && !draft.inputs.includes(input);
}

function fillLayer(layer: ArrangeLayer, input: string, box: Box, to: CodeTensor, draft: Draft): ArrayLayer {
  const { size, ...at } = box;
  const grid = { ...at, yStep: 1, xStep: 1 };
  const output = partTensor(`${to.name}.fill`, to, grid, size, draft);
  const made = { name: `${layer.name}.fill`, sources: [layer.name], output: output.name };
  return blankLayer(tensorOf(draft.tensors, input), output, layer.fill, made);
}

function moveLayer(layer: ArrangeLayer, run: ChannelRun, to: CodeTensor, draft: Draft): ArrayLayer {
  const { rows, columns, channels } = run;
  const first = Math.min(...channels);
  const source = tensorOf(draft.tensors, run.input);
  const seen = { ...source, height: rows, width: columns, channels: Math.max(...channels) - first + 1 };
  const input = addTensor(draft, `${run.input}.slice`, seen);
  draft.views.set(input.name, { kind: 'slice', of: run.input, grid: { ...run.from, c: first } });
  const output = partTensor(`${to.name}.part`, to, run.to, [rows, columns, channels.length], draft);
  const made = { name: layer.name, sources: [layer.name], output: output.name };
  if (isConsecutive(run)) return identityLayer(input, { ...made, pool: null, toStream: false });
  const picks = channels.map((channel) => channel - first);
  return selectionLayer(input, picks, made);
}

/** A tensor that lies in the arranged one. */
function partTensor(
  wanted: string,
  to: CodeTensor,
  grid: ViewGrid,
  [height, width, channels]: readonly [number, number, number],
  draft: Draft,
): CodeTensor {
  const part = addTensor(draft, wanted, { ...to, height, width, channels });
  draft.views.set(part.name, { kind: 'part', of: to.name, grid });
  return part;
}
