/** Where the array ends and the host goes on. */
import type { EpilogueStep, Shape } from '../graph.js';
import { inNaturalOrder } from './layout.js';
import { type HostValue, type MapValue, shapeOf } from './value.js';

/** The value as the host sees it: the tensor's own order, then what leads to the value's. */
export function hostValue(value: MapValue, source: string): HostValue {
  const { tensor, shape } = value;
  const steps: EpilogueStep[] = [];
  let now: Shape = shapeOf(tensor);
  const reshape = (to: Shape): void => {
    if (to.join() === now.join()) return;
    steps.push({ kind: 'reshape', shape: to, source });
    now = to;
  };
  const natural = inNaturalOrder(value.atoms);
  const permutation = value.atoms.map((atom) => natural.indexOf(atom));
  if (permutation.some((from, to) => from !== to)) {
    reshape(natural.map((atom) => atom.size));
    steps.push({ kind: 'transpose', permutation, source });
    now = value.atoms.map((atom) => atom.size);
  }
  reshape(shape);
  return { kind: 'host', shape, tensor, steps, ...(value.grid === undefined ? {} : { grid: value.grid }) };
}
