/** A value as the map that windows slide over. */
import type { ImportCall } from '../operators/operator.js';
import { type AxisRoles, pinInput } from './input-layout.js';
import { limit } from './refuse.js';
import { relaid } from './relaid.js';
import { isProbed } from './state.js';
import type { MapTensor, MapValue } from './value.js';

const RANK_1D = 3;
const RANK_2D = 4;
/** Axes of [1, C, H, W], of [1, C, L], which is a map of one row, and of vectors. */
const CHANNELS_FIRST: Readonly<Record<number, AxisRoles>> = {
  1: { c: [0], h: [], w: [] },
  2: { c: [1], h: [], w: [] },
  [RANK_1D]: { c: [1], h: [], w: [2] },
  [RANK_2D]: { c: [1], h: [2], w: [3] },
};
const CHANNELS_LAST: Readonly<Record<number, AxisRoles>> = {
  [RANK_1D]: { c: [2], h: [], w: [1] },
  [RANK_2D]: { c: [3], h: [1], w: [2] },
};

/** The usual layouts of a tensor of this rank: channels first, channels last. */
export function layoutsOf(rank: number): AxisRoles[] {
  return [CHANNELS_FIRST[rank], CHANNELS_LAST[rank]].filter((roles) => roles !== undefined);
}

/** Those whose axes `space` are rows or columns. */
export function layoutsWithSpace(rank: number, space: readonly number[]): AxisRoles[] {
  return layoutsOf(rank).filter((roles) => space.every((axis) => roles.h.includes(axis) || roles.w.includes(axis)));
}

/**
 * The value as the map that its axes say it is; where its order is another one, a rearranged map.
 * @throws SystoleError operator-limit where the value is no [1, C, H, W] or [1, C, L], or too many parts would move
 */
export function imageOf(call: ImportCall, value: MapValue): MapTensor {
  const { shape } = value;
  const roles = CHANNELS_FIRST[shape.length];
  if (roles === undefined || shape.length < RANK_1D) {
    throw limit(call, `${call.node.operator} works on one or two axes of pixels`, {
      expected: '[1, C, H, W] or [1, C, L]',
      actual: shape.join('x'),
    });
  }
  if (shape[0] !== 1) {
    throw limit(call, 'only one image at a time', { expected: 'a batch of 1', actual: shape.join('x') });
  }
  probeAxes(call, value, roles);
  return relaid(call, value, roles);
}

/** While the input's layout is looked for: these are its axes. */
export function probeAxes(call: ImportCall, value: MapValue, roles: AxisRoles): void {
  const { probe } = call.state;
  if (probe === null || !isProbed(call.state, value.tensor)) return;
  const pinned = pinInput(value.tensor.name, probe.shape, value, roles);
  if (pinned !== null) probe.found(pinned);
}
