/** A value as the map that windows slide over. */
import type { ImportCall } from '../operators/operator.js';
import { type AxisRoles, pinInput } from './input-layout.js';
import { naturalAtoms, sameAtoms } from './layout.js';
import { limit } from './refuse.js';
import { isProbed } from './state.js';
import type { MapTensor, MapValue } from './value.js';

const RANK_1D = 3;
const RANK_2D = 4;
/** Axes of [1, C, H, W] and of [1, C, L], which is a map of one row. */
const CHANNELS_FIRST: Readonly<Record<number, AxisRoles>> = {
  [RANK_1D]: { c: [1], h: [], w: [2] },
  [RANK_2D]: { c: [1], h: [2], w: [3] },
};
const CHANNELS_LAST: Readonly<Record<number, AxisRoles>> = {
  [RANK_1D]: { c: [2], h: [], w: [1] },
  [RANK_2D]: { c: [3], h: [1], w: [2] },
};

/** The usual layouts of a tensor of this rank whose axes `space` are rows or columns: channels first, channels last. */
export function layoutsWithSpace(rank: number, space: readonly number[]): AxisRoles[] {
  return [CHANNELS_FIRST[rank], CHANNELS_LAST[rank]].filter(
    (roles): roles is AxisRoles =>
      roles !== undefined && space.every((axis) => roles.h.includes(axis) || roles.w.includes(axis)),
  );
}

/** @throws SystoleError operator-limit where the value is no [1, C, H, W] or [1, C, L] in its own order */
export function imageOf(call: ImportCall, value: MapValue): MapTensor {
  const { shape, tensor } = value;
  const roles = CHANNELS_FIRST[shape.length];
  if (roles === undefined) {
    throw limit(call, `${call.node.operator} works on one or two axes of pixels`, {
      expected: '[1, C, H, W] or [1, C, L]',
      actual: shape.join('x'),
    });
  }
  if (shape[0] !== 1) {
    throw limit(call, 'only one image at a time', { expected: 'a batch of 1', actual: shape.join('x') });
  }
  probeAxes(call, value, roles);
  const [, channels = 1] = shape;
  const [height, width] = shape.length === RANK_1D ? [1, shape[2]!] : [shape[2]!, shape[3]!];
  const same = tensor.channels === channels && tensor.height === height && tensor.width === width;
  if (!same || !sameAtoms(value.atoms, naturalAtoms(tensor))) throw reordered(call, value);
  return tensor;
}

/** While the input's layout is looked for: these are its axes. */
export function probeAxes(call: ImportCall, value: MapValue, roles: AxisRoles): void {
  const { probe } = call.state;
  if (probe === null || !isProbed(call.state, value.tensor)) return;
  const pinned = pinInput(value.tensor.name, probe.shape, value, roles);
  if (pinned !== null) probe.found(pinned);
}

export function reordered(call: ImportCall, value: MapValue): Error {
  const { channels, height, width } = value.tensor;
  return limit(call, 'a Reshape or Transpose before it mixes channels and pixels', {
    expected: `the map 1x${channels}x${height}x${width} of ${value.tensor.name} as it is`,
    actual: value.shape.join('x'),
    hint: 'Reshape and Transpose are free where they only change the layout: channels last and back, or flattening',
  });
}
