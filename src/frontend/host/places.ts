/** Concat, Slice, Split and Gather, done by the host. */
import { gatheredIndices, splitLengths } from '../fold/pieces.js';
import { sliceRanges } from '../fold/slice.js';
import { hostResult, hostStep } from '../import/host.js';
import { keepImages, keepSlicedImages } from '../import/images.js';
import { limit, mismatch } from '../import/refuse.js';
import { oneAxis } from '../operators/axes.js';
import type { HostImporter } from './elementwise.js';
import { computedInput, hostInput, wholeNumbers } from './operand.js';

export const concat: HostImporter = (call) => {
  const parts = call.inputs.map((_, i) => hostInput(call, i));
  const first = parts[0]!;
  const axis = oneAxis(call, call.attributes.int('axis'), first.shape.length);
  const others = (shape: readonly number[]): string => shape.with(axis, 0).join('x');
  const odd = parts.find(({ shape }) => shape.length !== first.shape.length || others(shape) !== others(first.shape));
  if (odd !== undefined) {
    throw mismatch(call, 'tensors that do not go together are joined', {
      actual: `${first.shape.join('x')} and ${odd.shape.join('x')}`,
    });
  }
  keepImages(call, first.shape, [axis]);
  const length = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  return [hostResult(call, { kind: 'concat', axis }, parts, first.shape.with(axis, length))];
};

export const slice: HostImporter = (call) => {
  const x = computedInput(call, 0);
  const read = (index: number): number[] | null => wholeNumbers(call, index, 'starts, ends, axes and steps');
  const ranges = sliceRanges(call, x.shape, read);
  keepSlicedImages(call, x.shape, read);
  if (ranges.some(({ count }) => count === 0)) throw limit(call, 'nothing is left of the tensor');
  const op = {
    kind: 'slice',
    starts: ranges.map(({ start }) => start),
    steps: ranges.map(({ step }) => step),
  } as const;
  const shape = ranges.map(({ count }) => count);
  return [hostResult(call, op, [x], shape)];
};

export const split: HostImporter = (call) => {
  const x = computedInput(call, 0);
  const axis = oneAxis(call, call.attributes.int('axis'), x.shape.length);
  keepImages(call, x.shape, [axis]);
  const given = call.attributes.ints('split') ?? wholeNumbers(call, 1, 'the lengths of the parts');
  const steps = x.shape.map(() => 1);
  let start = 0;
  return splitLengths(call, x.shape[axis]!, given)
    .slice(0, call.node.outputs.length)
    .map((length, i) => {
      const starts = x.shape.map((_, at) => (at === axis ? start : 0));
      start += length;
      const output = call.node.outputs[i]!;
      const name = output === '' ? `${call.node.name}.unused${i}` : output;
      const named = { name, source: call.source ?? call.node.name };
      return hostStep(call.state, { kind: 'slice', starts, steps }, [x], x.shape.with(axis, length), named);
    });
};

export const gather: HostImporter = (call) => {
  const x = computedInput(call, 0);
  const axis = oneAxis(call, call.attributes.int('axis'), x.shape.length);
  keepImages(call, x.shape, [axis]);
  const given = hostInput(call, 1);
  if (given.kind === 'host') {
    throw limit(call, 'the indices must be constant', { actual: `${call.node.inputs[1]}, which the network computes` });
  }
  const indices = gatheredIndices(call, given.data, x.shape[axis]!);
  if (indices.length === 0) throw limit(call, 'nothing is left of the tensor');
  const shape = [...x.shape.slice(0, axis), ...given.shape, ...x.shape.slice(axis + 1)];
  return [hostResult(call, { kind: 'gather', axis, indices }, [x], shape)];
};
