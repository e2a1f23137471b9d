import { transpose } from '../base/transpose.js';
import type { InputLayout } from './graph.js';

/** The model's own input values in the order of the graph's input. */
export function toGraphInput(layout: InputLayout | undefined, data: Float32Array): Float32Array {
  return layout === undefined ? data : transpose(data, layout.split, layout.permutation);
}
