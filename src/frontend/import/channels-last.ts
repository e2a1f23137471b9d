/** Operators whose tensors have their channels on the last axis: the usual operator on another view. */
import { foldTranspose } from '../fold/layout.js';
import type { FoldCall, ImportCall, NumericTensor, Operator } from '../operators/operator.js';
import { permuted } from './permute.js';
import { placeOf } from './refuse.js';
import { reserve } from './state.js';
import type { MapValue, Value } from './value.js';

/** Axes of channels first in a tensor of channels last. */
function toFirst(rank: number): number[] {
  return rank < 3 ? [...new Array(rank).keys()] : [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
}

function toLast(rank: number): number[] {
  return rank < 3 ? [...new Array(rank).keys()] : [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
}

export function channelsFirst(call: ImportCall, value: MapValue): MapValue {
  return permuted(call, value, toFirst(value.shape.length));
}

export function channelsLast(call: ImportCall, value: MapValue): MapValue {
  return permuted(call, value, toLast(value.shape.length));
}

/** What `real` makes of tensors of channels last. @param inputs which ones are, constants among them */
export function onChannelsLast(
  call: ImportCall,
  real: NonNullable<Operator['import']>,
  inputs: readonly number[] = [0],
): readonly Value[] {
  const turned = call.inputs.map((value, i) => {
    if (!inputs.includes(i) || value === null) return value;
    if (value.kind === 'map') return channelsFirst(call, value);
    if (value.kind !== 'constant' || value.tensor.type === 'other') return value;
    return { ...value, tensor: turnedConstant(call, value.tensor) };
  });
  const made = real({ ...call, inputs: turned });
  return made.map((value) => (value.kind === 'map' ? channelsLast(call, value) : value));
}

function turnedConstant(call: ImportCall, tensor: NumericTensor): NumericTensor {
  const count = (bytes: number): void => reserve(call.state, bytes, placeOf(call.node));
  const fold: FoldCall = { ...call, inputs: [tensor], reserve: count };
  return foldTranspose(fold, toFirst(tensor.shape.length));
}
