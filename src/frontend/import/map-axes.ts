/** Which axis of the map each axis of a value is. */
import type { ImportCall } from '../operators/operator.js';
import { layoutsOf, probeAxes } from './image.js';
import { type AxisRoles, rolesList } from './input-layout.js';
import { atomsByAxis, extentOf, type MapAxis, normalAtoms, sameAtoms, wholeAxis } from './layout.js';
import { isProbed } from './state.js';
import type { MapTensor, MapValue } from './value.js';

/** null for an axis of length 1 that is none of the three, the batch for one. */
export type AxesOfMap = readonly (MapAxis | null)[];

/** null where an axis is a part of one of the map, or several of them. */
export function mapAxes(value: MapValue): AxesOfMap | null {
  const axes = atomsByAxis(value.atoms, value.shape);
  if (axes === null) return null;
  const found = axes.map((atoms) => atoms[0]?.axis ?? null);
  const isWhole = found.every((axis, i) => axis === null || sameAtoms(axes[i]!, wholeAxis(value.tensor, axis)));
  if (!isWhole) return null;
  const usual = layoutsOf(value.shape.length)
    .map((roles) => rolesList(roles, value.shape.length))
    .find((list) => found.every((axis, i) => axis === null || axis === list[i]));
  return usual ?? found;
}

/** The same; while the input's layout is looked for, the usual one is what it has. */
export function pinnedAxes(call: ImportCall, value: MapValue, space: readonly number[] = []): AxesOfMap | null {
  if (isProbed(call.state, value.tensor)) {
    const layouts = value.shape[0] === 1 ? layoutsOf(value.shape.length) : [];
    const fits = ({ h, w }: AxisRoles): boolean => space.every((axis) => h.includes(axis) || w.includes(axis));
    const all = [...layouts.filter(fits), ...layouts, withoutBatch(value.shape.length)];
    for (const roles of all) probeAxes(call, value, roles);
  }
  return mapAxes(value);
}

/** The last two axes are rows and columns, all before them channels. */
function withoutBatch(rank: number): AxisRoles {
  const axes = Array.from({ length: rank }, (_, i) => i);
  if (rank === 1) return { c: axes, h: [], w: [] };
  return { c: axes.slice(0, Math.max(1, rank - 2)), h: axes.slice(Math.max(1, rank - 2), -1), w: axes.slice(-1) };
}

/** A tensor under the axes that a value of it, or of one like it, has. */
export function valueUnder(axes: AxesOfMap, tensor: MapTensor): MapValue {
  return {
    kind: 'map',
    shape: axes.map((axis) => (axis === null ? 1 : extentOf(tensor, axis))),
    tensor,
    atoms: normalAtoms(axes.flatMap((axis) => (axis === null ? [] : wholeAxis(tensor, axis)))),
  };
}
