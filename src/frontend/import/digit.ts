/** An axis of a value as a digit of the index along one axis of its map: what slices and joins work on. */
import type { ImportCall } from '../operators/operator.js';
import { type Atom, atomsByAxis, extentOf, type MapAxis, type MapSize, normalAtoms } from './layout.js';
import { pinnedAxes } from './map-axes.js';
import { elementsOf, type MapTensor, type MapValue } from './value.js';

export interface Digit {
  readonly axis: MapAxis;
  readonly size: number;
  /** Values along the axis of the map from one index of the digit to the next. */
  readonly stride: number;
  /** Indices along the value's axis in one of the digit. */
  readonly inner: number;
}

/**
 * Where an axis of length 1 is none of the map, its further indices would be further channels, behind all others.
 * null where the axis is cut unevenly, or is the batch.
 */
export function digitOf(call: ImportCall, value: MapValue, axis: number): Digit | null {
  const usual = pinnedAxes(call, value)?.[axis] ?? null;
  const axes = atomsByAxis(value.atoms, value.shape);
  if (axes === null) return null;
  const [first, ...others] = axes[axis]!;
  if (first !== undefined) return { ...first, inner: elementsOf(others.map(({ size }) => size)) };
  if (usual !== null) return { axis: usual, size: 1, stride: 1, inner: 1 };
  if (axis === 0 && (call.state.batch > 1 || value.shape.length <= 4)) return null;
  return { axis: 'c', size: 1, stride: value.tensor.channels, inner: 1 };
}

/** The value's atoms under its axes with the digit of another size. */
export function resized(value: MapValue, at: number, digit: Digit, size: number): Atom[][] {
  const block = digit.size * digit.stride;
  const axes = atomsByAxis(value.atoms, value.shape)!.map((atoms) =>
    atoms.map((atom) =>
      atom.axis === digit.axis && atom.stride >= block ? { ...atom, stride: (atom.stride / digit.size) * size } : atom,
    ),
  );
  const own = { axis: digit.axis, size, stride: digit.stride };
  axes[at] = [own, ...axes[at]!.slice(digit.size === 1 ? 0 : 1)];
  return axes;
}

/** The value with the digit of another size, of the tensor that holds it. */
export function resizedValue(value: MapValue, at: number, digit: Digit, size: number, tensor: MapTensor): MapValue {
  const atoms = normalAtoms(resized(value, at, digit, size).flat());
  return { ...value, tensor, atoms, shape: value.shape.with(at, size * digit.inner) };
}

export function resizedMap(map: MapSize, digit: Digit, size: number): MapSize {
  const extent = (extentOf(map, digit.axis) / digit.size) * size;
  if (digit.axis === 'c') return { ...map, channels: extent };
  return digit.axis === 'h' ? { ...map, height: extent } : { ...map, width: extent };
}
