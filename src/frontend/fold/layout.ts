import { transpose } from '../../base/transpose.js';
import type { FoldCall, NumericTensor } from '../operators/operator.js';
import { rearranged } from './codes.js';
import { constantOperand } from './tensor.js';

/** The same values in another shape: no copy. */
export function foldReshape(call: FoldCall, shape: readonly number[]): NumericTensor {
  return { ...constantOperand(call, 0), shape };
}

export function foldTranspose(call: FoldCall, permutation: readonly number[]): NumericTensor {
  const x = constantOperand(call, 0);
  call.reserve(x.data.byteLength);
  const shape = permutation.map((axis) => x.shape[axis]!);
  if (x.type === 'int') return { ...x, shape, data: transpose(x.data, x.shape, permutation) };
  const data = transpose(x.data, x.shape, permutation);
  if (x.codes === undefined) return { type: 'float', shape, data };
  return { type: 'float', shape, data, codes: rearranged(x.codes, (all) => transpose(all, x.shape, permutation)) };
}
