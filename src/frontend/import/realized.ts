import { emitArrange, type Making, partsOf, wholeRun } from './placement.js';
import type { ImportState } from './state.js';
import type { MapTensor, Padding } from './value.js';

/** The tensor with the zeros of a Pad around it made; one that has none as it is. */
export function realized(state: ImportState, tensor: MapTensor): MapTensor {
  const { padding } = tensor;
  if (padding === undefined) return tensor;
  const { node, pads } = padding;
  return state.tensors.get(tensor.name) ?? emitPadded({ state, node }, padding.tensor, pads);
}

/** @param pads of zeros: top, left, bottom, right */
export function emitPadded(call: Making, tensor: MapTensor, pads: Padding['pads']): MapTensor {
  const [top, left, bottom, right] = pads;
  const { name, channels, height, width } = tensor;
  const rows = [{ ...wholeRun(height), to: top }];
  const columns = [{ ...wholeRun(width), to: left }];
  const parts = partsOf(call, name, rows, columns, [wholeRun(channels)]);
  const size = { channels, height: top + height + bottom, width: left + width + right, vector: false };
  return emitArrange(call, parts, size, 0);
}
