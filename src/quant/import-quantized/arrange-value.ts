/** Maps put together from parts: a quantizer behind them is one for each part, and then codes only move. */
import type { ArrangeNode, QuantNode } from '../../frontend/graph.js';
import { mapShape } from '../map-shape.js';
import { commonScale, dyadic, ratio } from '../rational.js';
import { alignedCodes } from './aligned-codes.js';
import { codeOfReal } from './channel-quantizer.js';
import { channelsOf, oneFill, placeChannels } from './elementwise.js';
import { type CodeGrid, ofChannel } from './grid.js';
import { identityOf, quantInput } from './quant-value.js';
import { quantized, sameGrid } from './quantize-pending.js';
import type { Arranged, ArrangedPart, Coded, Value } from './values.js';
import { codesOf, unquantized, type Walk } from './walk.js';

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

/** Values pushed onto one grid, part by part. */
export function quantizedParts(walk: Walk, { parts, ...arranged }: Arranged, node: QuantNode, grid: CodeGrid): Coded {
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
  const fill = arranged.fill?.map((x, c) => codeOfReal(grid, x, c)) ?? null;
  const code = fill === null ? null : oneFill(fill, node.name);
  const sources = [...arranged.node.sources, ...node.sources];
  const worth = { scales: grid.scales, zero: grid.zeros[0]!, most: grid.hi };
  return joined(walk, { ...arranged, parts, node: { ...arranged.node, sources } }, codes, {
    fill: code,
    worth,
    output: node.output,
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
  return joined(walk, arranged, codes, { fill: null, worth: null, output: walk.parts.unusedTensor(output) });
}

interface Joining {
  /** Of the output; null: that of the value that fills it, if any. */
  readonly fill: number | null;
  readonly worth: { readonly scales: Coded['scales']; readonly zero: number; readonly most: number } | null;
  readonly output: string;
}

function joined(walk: Walk, { node, parts, fill, shape }: Arranged, codes: readonly Coded[], to: Joining): Coded {
  const aligned = alignedCodes(walk.parts, codes, to.worth, node.name);
  if (aligned === null) throw unquantized(node.name);
  const { worth } = aligned;
  const filled =
    to.fill ??
    (fill === null
      ? 0
      : oneFill(
          fill.map((x) => codeOnGrid(x, worth, node.name)),
          node.name,
        ));
  const most = Math.max(worth.most, filled);
  const made = walk.parts.addCodes(to.output, shape, { ...worth, most });
  const places = parts.map(({ place }, i) => ({ ...place, input: aligned.codes[i]!.tensor }));
  const { name, sources } = node;
  walk.parts.arrange({ name, sources, parts: places, fill: filled, output: to.output });
  return made;
}

/** @throws SystoleError network-unsupported for a value between two codes */
function codeOnGrid(
  x: number,
  { scales, zero }: { readonly scales: Coded['scales']; readonly zero: number },
  where: string,
): number {
  const [n, d] = commonScale([dyadic(x), ofChannel(scales, 0)]) as [bigint, bigint];
  const code = ratio(n, d) + zero;
  if (scales.length > 1 && x !== 0) throw unquantized(where);
  if (Number.isInteger(code) && code >= 0) return code;
  throw unquantized(where);
}
