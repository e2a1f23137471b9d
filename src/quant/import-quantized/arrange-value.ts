/** Maps put together from parts: a quantizer behind them is one for each part, and then codes only move. */
import { SystoleError } from '../../base/error.js';
import type { ArrangeNode, QuantNode } from '../../frontend/graph.js';
import { mapShape } from '../map-shape.js';
import { commonScale, type Dyadic, dyadic } from '../rational.js';
import { alignedCodes, type Fill } from './aligned-codes.js';
import { codeOfReal } from './channel-quantizer.js';
import { channelsOf, oneFill, placeChannels } from './elementwise.js';
import { type CodeGrid, ofChannel } from './grid.js';
import { identityOf, quantInput } from './quant-value.js';
import { quantized, sameGrid } from './quantize-pending.js';
import type { Arranged, ArrangedPart, Coded, Value } from './values.js';
import { codesOf, type Walk } from './walk.js';

export function arrangeValue(walk: Walk, node: ArrangeNode): Arranged {
  const shape = mapShape(walk.graph, node.output);
  const parts = node.parts.map(({ input, ...place }): ArrangedPart => {
    const value = walk.values.get(input)!;
    return { place, value: value.kind === 'arranged' ? codesOf(walk, input, node) : value };
  });
  const covered = parts.reduce((sum, { place }) => sum + place.size.reduce((a, b) => a * b, 1), 0);
  const whole = covered === shape.height * shape.width * shape.channels;
  return { kind: 'arranged', node, shape, parts, fill: whole ? null : [node.fill] };
}

/** Values pushed onto one grid, part by part; the whole map where its fill is another code in each channel. */
export function quantizedParts(walk: Walk, { parts, ...arranged }: Arranged, node: QuantNode, grid: CodeGrid): Coded {
  const steps = arranged.fill && stepsOfFill(arranged.fill, grid, arranged.shape.channels);
  if (steps?.some((step) => step !== steps[0])) {
    const whole = identityOf(walk, node, codesOf(walk, node.input, node));
    return quantized(walk.parts, whole, grid, node.output, node.sources);
  }
  const made = new Map<ArrangedPart['value'], Map<string, Coded>>();
  const codes = parts.map(({ place, value }, i) => {
    const own = made.get(value) ?? new Map<string, Coded>();
    made.set(value, own);
    const channels = placeChannels(place, channelsOf(walk, value));
    const onParts = gridOf(grid, channels);
    const key = onParts === grid ? '' : channels.join();
    const known =
      own.get(key) ?? partCodes(walk, value, { ...node, output: `${node.output}.part${i}`, sources: [] }, onParts);
    own.set(key, known);
    return known;
  });
  const sources = [...arranged.node.sources, ...node.sources];
  const scales = grid.scales.length > 1 ? grid.scales : null;
  const filled = steps && { scale: grid.scales[0]!, steps: steps[0]! };
  const joining = { fill: filled, scales, output: node.output };
  return joined(walk, { ...arranged, parts, node: { ...arranged.node, sources } }, codes, joining);
}

/** By channel: how many steps from zero. */
function stepsOfFill(fill: readonly number[], grid: CodeGrid, channels: number): number[] {
  return Array.from({ length: channels }, (_, c) => {
    const x = ofChannel(fill, c);
    return (grid.rows === null ? codeOfReal(grid, x, c) : grid.codeOf(x, c)) - ofChannel(grid.zeros, c);
  });
}

function partCodes(walk: Walk, value: ArrangedPart['value'], node: QuantNode, grid: CodeGrid): Coded {
  if (value.kind === 'input') return quantInput(walk, value, node, walk.padded.has(node.output));
  if (value.kind === 'coded' && sameGrid(value, grid)) return value;
  const pending = value.kind === 'pending' ? value : identityOf(walk, node, value);
  return quantized(walk.parts, pending, grid, walk.parts.unusedTensor(node.output), node.sources);
}

/** The grid for an operand whose channels are those of the arranged map in another order. */
function gridOf(grid: CodeGrid, channels: readonly number[]): CodeGrid {
  const lists = [grid.shifts, grid.divisors, grid.added, grid.zeros, grid.scales, ...(grid.rows ? [grid.rows] : [])];
  if (lists.every((list) => list.length === 1)) return grid;
  const pick = <T>(values: readonly T[]): readonly T[] =>
    values.length === 1 ? values : channels.map((c) => values[c]!);
  return {
    ...grid,
    ...{ shifts: pick(grid.shifts), divisors: pick(grid.divisors), added: pick(grid.added) },
    ...{ zeros: pick(grid.zeros), scales: pick(grid.scales), rows: grid.rows && pick(grid.rows) },
    codeOf: (x, c) => grid.codeOf(x, channels[c]!),
  };
}

/** Without a quantizer behind it: parts that are codes already, on one grid or on grids that are multiples of one. */
export function arrangedCodes(
  walk: Walk,
  arranged: Arranged,
  output: string,
  settle: (part: Value, i: number) => Coded,
): Coded {
  const known = new Map<Value, Coded>();
  const codes = arranged.parts.map(({ value }, i) => {
    const made = known.get(value) ?? settle(value, i);
    known.set(value, made);
    return made;
  });
  const fill = arranged.fill && { scale: codes[0]!.scales[0]!, steps: fillSteps(arranged, codes[0]!) };
  return joined(walk, arranged, codes, { fill, scales: null, output: walk.parts.unusedTensor(output) });
}

/** How many steps of a grid the fill is. @throws SystoleError network-unsupported for a value between two codes */
function fillSteps({ fill, node }: Arranged, { scales }: Coded): number {
  const value = oneFill(fill!, node.name);
  const [n, d] = commonScale([dyadic(value), scales[0]!]) as [bigint, bigint];
  if ((scales.length > 1 && value !== 0) || n % d !== 0n) {
    throw new SystoleError('network-unsupported', 'what fills a map is no value of its grid', {
      where: node.name,
      actual: `${value}`,
      hint: 'quantize the map behind this node',
    });
  }
  return Number(n / d);
}

interface Joining {
  /** What lies in no part, null where all does. */
  readonly fill: Fill | null;
  /** Those of the channels, where all parts have them already. */
  readonly scales: readonly Dyadic[] | null;
  readonly output: string;
}

function joined(walk: Walk, { node, parts, shape }: Arranged, codes: readonly Coded[], to: Joining): Coded {
  const aligned = alignedCodes(walk.parts, codes, { scales: to.scales, fill: to.fill, where: node.name });
  if (aligned === null) {
    throw new SystoleError('network-unsupported', 'what a map is put together from has no grid in common', {
      where: node.name,
      hint: 'quantize the map behind this node',
    });
  }
  const { worth, fill } = aligned;
  const made = walk.parts.addCodes(to.output, shape, worth);
  const places = parts.map(({ place }, i) => ({ ...place, input: aligned.codes[i]!.tensor }));
  const { name, sources } = node;
  walk.parts.arrange({ name, sources, parts: places, fill, output: to.output });
  return made;
}
