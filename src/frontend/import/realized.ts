import { emitArrange, partsOf, wholeRun } from './placement.js';
import type { ImportState } from './state.js';
import type { MapTensor } from './value.js';

/** The tensor with the zeros of a Pad around it made; one that has none as it is. */
export function realized(state: ImportState, tensor: MapTensor): MapTensor {
  const { padding } = tensor;
  if (padding === undefined) return tensor;
  const known = state.tensors.get(tensor.name);
  if (known !== undefined) return known;
  const { tensor: inner, pads, node } = padding;
  const parts = partsOf(
    { state, node },
    inner.name,
    [{ ...wholeRun(inner.height), to: pads[0] }],
    [{ ...wholeRun(inner.width), to: pads[1] }],
    [wholeRun(inner.channels)],
  );
  return emitArrange({ state, node }, parts, tensor, 0);
}
