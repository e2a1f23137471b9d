import type { ImportCall } from '../operators/operator.js';
import { atomsByAxis, normalAtoms } from './layout.js';
import { limit } from './refuse.js';
import type { MapValue } from './value.js';

/** The same tensor with the axes of its view in another order: axis i of the result is axis permutation[i]. */
export function permuted(call: ImportCall, value: MapValue, permutation: readonly number[]): MapValue {
  const axes = atomsByAxis(value.atoms, value.shape);
  if (axes === null) {
    throw limit(call, 'a Transpose after a Reshape that does not split axes evenly is not supported', {
      actual: value.shape.join('x'),
    });
  }
  return {
    ...value,
    shape: permutation.map((axis) => value.shape[axis]!),
    atoms: normalAtoms(permutation.flatMap((axis) => axes[axis]!)),
  };
}
