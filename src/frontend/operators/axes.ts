import { refusal } from '../import/refuse.js';
import type { OnnxNode } from '../onnx/model.js';

type Call = { readonly node: OnnxNode };

/** An axis, counted from the front. @throws SystoleError graph-invalid outside -rank..rank-1 */
export function oneAxis(call: Call, axis: number, rank: number): number {
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  throw refusal('graph-invalid', call.node, 'an axis lies outside the tensor', {
    expected: `${-rank}..${rank - 1}`,
    actual: `${axis}`,
  });
}

/** Axes, counted from the front. @throws SystoleError graph-invalid for one outside or one twice */
export function axisList(call: Call, axes: readonly number[], rank: number): number[] {
  const found = axes.map((axis) => oneAxis(call, axis, rank));
  if (new Set(found).size === found.length) return found;
  throw refusal('graph-invalid', call.node, 'an axis is named twice', { actual: axes.join(', ') });
}
