/** Split, Slice and Gather: parts of a tensor. */
import { foldGather, foldSplit, gatheredIndices, splitLengths } from '../fold/pieces.js';
import { foldSlice, type Range, sliceRanges } from '../fold/slice.js';
import { keepImages, keepSlicedImages } from '../import/images.js';
import { anyMapOperand, optionalConstant } from '../import/operands.js';
import { type AxisPick, pickedValue } from '../import/pick.js';
import { checkLength, limit, mismatch } from '../import/refuse.js';
import { plainValue } from '../import/relaid.js';
import { isFollowed, partOf } from '../import/state.js';
import type { MapValue, Value } from '../import/value.js';
import { oneAxis } from './axes.js';
import { type ImportCall, onnxOperator } from './operator.js';

export const SLICE = onnxOperator('Slice', {
  inputs: [1, 5],
  attributes: {
    axes: { type: 'ints', until: 9 },
    ends: { type: 'ints', until: 9 },
    starts: { type: 'ints', until: 9 },
  },
  fold: foldSlice,
  import: (call) => {
    const value = anyMapOperand(call, 0);
    const read = (index: number): number[] | null => integers(call, index, 'starts, ends, axes and steps');
    const ranges = sliceRanges(call, value.shape, read);
    keepSlicedImages(call, value.shape, read);
    if (ranges.some(({ count }) => count === 0)) throw limit(call, 'nothing is left of the tensor');
    for (const { count } of ranges) checkLength(call, count);
    return [pickedOrRefused(call, value, ranges.map(pickOf))];
  },
});

function pickOf({ start, step, count }: Range, axis: number): AxisPick {
  return { axis, list: Array.from({ length: count }, (_, i) => start + i * step) };
}

export const SPLIT = onnxOperator('Split', {
  inputs: [1, 2],
  attributes: {
    axis: { type: 'int', default: 0 },
    num_outputs: { type: 'int' },
    split: { type: 'ints', until: 12 },
  },
  fold: foldSplit,
  import: importSplit,
});

function importSplit(call: ImportCall): Value[] {
  const value = anyMapOperand(call, 0);
  const axis = oneAxis(call, call.attributes.int('axis'), value.shape.length);
  keepImages(call, value.shape, [axis]);
  const given = call.attributes.ints('split') ?? integers(call, 1, 'the lengths of the parts');
  let start = 0;
  return splitLengths(call, value.shape[axis]!, given)
    .slice(0, call.node.outputs.length)
    .map((count, i) => {
      checkLength(call, count);
      const range = { start, step: 1, count };
      start += count;
      const output = call.node.outputs[i]!;
      // An output that nothing wants has no name.
      const part = i === 0 ? call : partOf(call, `part${i}`, 'output');
      const named = { ...part, node: { ...part.node, outputs: [output === '' ? `${part.node.name}.unused` : output] } };
      return pickedOrRefused(named, value, [pickOf(range, axis)]);
    });
}

export const GATHER = onnxOperator('Gather', {
  inputs: [2, 2],
  attributes: { axis: { type: 'int', default: 0 } },
  fold: foldGather,
  import: importGather,
});

/** The axis is replaced by those of the indices. */
function importGather(call: ImportCall): Value[] {
  const value = anyMapOperand(call, 0);
  const axis = oneAxis(call, call.attributes.int('axis'), value.shape.length);
  keepImages(call, value.shape, [axis]);
  const indices = optionalConstant(call, 1, 'the indices');
  if (indices === null) throw limit(call, 'the indices are missing');
  const list = gatheredIndices(call, indices.data, value.shape[axis]!);
  if (list.length === 0) throw limit(call, 'nothing is left of the tensor');
  const made = pickedOrRefused(call, value, [{ axis, list }]);
  return [{ ...made, shape: [...made.shape.slice(0, axis), ...indices.shape, ...made.shape.slice(axis + 1)] }];
}

function integers(call: ImportCall, index: number, what: string): number[] | null {
  const constant = optionalConstant(call, index, what);
  if (constant === null) return null;
  if (constant.data.every(Number.isInteger)) return [...constant.data];
  throw mismatch(call, `${what} must be whole numbers`);
}

/** At the end of the network the host takes the view as it is. */
function pickedAgain(call: ImportCall, value: MapValue, picks: readonly AxisPick[]): MapValue | null {
  const plain = isFollowed(call) ? plainValue(call, value) : null;
  return plain && pickedValue(call, plain, picks);
}

/** Codes of a quantizer with a scale for each channel stay with their channel. */
export function pickedOrRefused(call: ImportCall, value: MapValue, picks: readonly AxisPick[]): MapValue {
  const scales =
    value.grid === undefined ? 1 : Math.max(value.grid.quantizer.scale.length, value.grid.quantizer.zero.length);
  const made = scales === 1 ? (pickedValue(call, value, picks) ?? pickedAgain(call, value, picks)) : null;
  if (made !== null) return made;
  throw limit(call, `${call.node.operator} works on channels, rows and columns only`, {
    expected: 'an axis that is channels, rows or columns of the map',
    actual: `axis ${picks.map(({ axis }) => axis).join(', ')} of ${value.shape.join('x')}, a view of ${value.tensor.name}`,
    hint: 'do it before the tensor is reshaped, or at the end of the network, where the host does it',
  });
}
