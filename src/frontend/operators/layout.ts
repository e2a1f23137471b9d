/** Operators that give the same values another shape or order. */

import { foldReshape, foldTranspose } from '../fold/layout.js';
import { hostResult } from '../import/host.js';
import { optionalConstant } from '../import/operands.js';
import { permuted } from '../import/permute.js';
import { limit, mismatch } from '../import/refuse.js';
import { elementsOf, type HostValue, type MapValue, type Value } from '../import/value.js';
import { axisList, oneAxis } from './axes.js';
import { type FoldCall, type ImportCall, onnxOperator } from './operator.js';

type Call = FoldCall | ImportCall;
type ShapeOf = (call: Call, shape: readonly number[], argument: readonly number[] | null) => number[];

/** @param argument the index of the input that may hold the shape or axes */
function reshaping(shapeOf: ShapeOf, argument: number | null) {
  return {
    fold: (call: FoldCall) => {
      const given = argument === null ? null : (call.inputs[argument] ?? null);
      const input = call.inputs[0]!;
      return foldReshape(call, shapeOf(call, input.shape, given && [...given.data]));
    },
    import: (call: ImportCall): Value[] => {
      const given = argument === null ? null : optionalConstant(call, argument, 'the shape or axes');
      const value = call.inputs[0];
      if (value?.kind !== 'map' && value?.kind !== 'host') throw limit(call, 'a constant of a type that is not read');
      return [withShape(call, value, shapeOf(call, value.shape, given && [...given.data]))];
    },
  };
}

function withShape(call: ImportCall, value: MapValue | HostValue, shape: readonly number[]): Value {
  if (value.kind === 'map') return { ...value, shape };
  return hostResult(call, { kind: 'reshape' }, [value], shape);
}

export const RESHAPE = onnxOperator('Reshape', {
  inputs: [2, 2],
  attributes: { allowzero: { type: 'int', default: 0, only: [0, 1] } },
  ...reshaping(reshapeTo, 1),
});

/** 0 keeps an axis, -1 is what is left. */
function reshapeTo(call: Call, shape: readonly number[], given: readonly number[] | null): number[] {
  if (given === null) throw limit(call, 'the shape is missing');
  const target = oneImage(call, shape, given);
  const keeps = call.attributes.int('allowzero') === 0;
  const wanted = target.map((n, i) => (n === 0 && keeps ? (shape[i] ?? 0) : n));
  const known = elementsOf(wanted.filter((n) => n !== -1));
  const total = elementsOf(shape);
  const filled = wanted.map((n) => (n === -1 ? total / known : n));
  const open = wanted.filter((n) => n === -1).length;
  if (open > 1 || !filled.every((n) => Number.isInteger(n) && n > 0) || elementsOf(filled) !== total) {
    throw mismatch(call, 'the shape does not hold the values', {
      expected: `${total} values (${shape.join('x')})`,
      actual: target.join('x'),
    });
  }
  return filled;
}

/** In a model that is fixed to a batch, a shape that begins with it means the one image that is left. */
function oneImage(call: Call, shape: readonly number[], target: readonly number[]): readonly number[] {
  const isBatch = isOneOfBatch(call, shape) && target[0] === call.state.batch;
  return isBatch ? target.with(0, 1) : target;
}

function isOneOfBatch(call: Call, shape: readonly number[]): call is ImportCall {
  return 'state' in call && call.state.batch > 1 && shape[0] === 1;
}

export const FLATTEN = onnxOperator('Flatten', {
  inputs: [1, 1],
  attributes: { axis: { type: 'int', default: 1 } },
  ...reshaping((call, shape) => {
    const axis = call.attributes.int('axis');
    const at = axis === shape.length ? axis : oneAxis(call, axis, shape.length);
    return [elementsOf(shape.slice(0, at)), elementsOf(shape.slice(at))];
  }, null),
});

export const SQUEEZE = onnxOperator('Squeeze', {
  inputs: [1, 2],
  attributes: { axes: { type: 'ints', until: 12 } },
  ...reshaping((call, shape, input) => {
    const given = call.attributes.ints('axes') ?? input;
    // The axis of the images stays where the model has several of them.
    const first = isOneOfBatch(call, shape) ? 1 : 0;
    const ones = shape.flatMap((n, i) => (n === 1 && i >= first ? [i] : []));
    const axes = given === null ? ones : axisList(call, given, shape.length);
    const wide = axes.find((axis) => shape[axis] !== 1);
    if (wide !== undefined) {
      throw mismatch(call, 'an axis that is squeezed is not of length 1', {
        actual: `axis ${wide} of ${shape.join('x')}`,
      });
    }
    return shape.filter((_, axis) => !axes.includes(axis));
  }, 1),
});

export const UNSQUEEZE = onnxOperator('Unsqueeze', {
  inputs: [1, 2],
  attributes: { axes: { type: 'ints', until: 12 } },
  ...reshaping((call, shape, input) => {
    const given = call.attributes.ints('axes') ?? input;
    if (given === null) throw limit(call, 'the axes are missing');
    const rank = shape.length + given.length;
    const axes = new Set(axisList(call, given, rank));
    const rest = shape.values();
    return Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : rest.next().value!));
  }, 1),
});

export const TRANSPOSE = onnxOperator('Transpose', {
  inputs: [1, 1],
  attributes: { perm: { type: 'ints' } },
  fold: (call) => foldTranspose(call, permutationOf(call, call.inputs[0]!.shape.length)),
  import: importTranspose,
});

function permutationOf(call: Call, rank: number): number[] {
  const given = call.attributes.ints('perm');
  if (given === null) return Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (given.length !== rank) {
    throw mismatch(call, 'perm has the wrong number of axes', { expected: `${rank}`, actual: given.join(', ') });
  }
  return axisList(call, given, rank);
}

function importTranspose(call: ImportCall): Value[] {
  const value = call.inputs[0];
  if (value?.kind !== 'map' && value?.kind !== 'host') throw limit(call, 'a constant of a type that is not read');
  const permutation = permutationOf(call, value.shape.length);
  if (value.kind === 'map') return [permuted(call, value, permutation)];
  const shape = permutation.map((axis) => value.shape[axis]!);
  return [hostResult(call, { kind: 'transpose', permutation }, [value], shape)];
}
