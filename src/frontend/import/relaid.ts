/** A value whose order is not that of a map, as a map: its digits move to the axes that they are now part of. */
import type { ArrangePart } from '../graph.js';
import type { ImportCall } from '../operators/operator.js';
import { layoutsOf } from './image.js';
import type { AxisRoles } from './input-layout.js';
import { type Atom, atomsByAxis, type MapAxis, type MapSize, naturalAtoms, normalAtoms, sameAtoms } from './layout.js';
import { checkParts, emitArrange } from './placement.js';
import { realized } from './realized.js';
import { limit } from './refuse.js';
import { naturalValue, partOf } from './state.js';
import { elementsOf, type MapTensor, type MapValue } from './value.js';

/** A digit of the index along axis `to` of the new map. */
interface Digit {
  readonly to: MapAxis;
  readonly toStep: number;
  readonly from: MapAxis;
  readonly fromStep: number;
  readonly size: number;
}

/**
 * The value's tensor where it is that map already; else a rearranged one, the same for every reader.
 * @throws SystoleError operator-limit where too many parts would move
 */
export function relaid(call: ImportCall, value: MapValue, roles: AxisRoles): MapTensor {
  const wanted = sizeUnder(value, roles);
  const { tensor } = value;
  const same = tensor.channels === wanted.channels && tensor.height === wanted.height && tensor.width === wanted.width;
  if (same && sameAtoms(value.atoms, naturalAtoms(tensor))) return tensor;
  const input = { ...value, tensor: realized(call.state, tensor) };
  const digits = allDigits(call, input, roles);
  const key = JSON.stringify([input.tensor.name, digits]);
  const known = call.state.relaid.get(key);
  if (known !== undefined) return known;
  checkParts(call, countParts(digits));
  const made = emitRelaid(partOf(call, 'relaid', 'between'), input, roles);
  call.state.relaid.set(key, made);
  return made;
}

/** The value in the usual order of its rank, rearranged where it is in another; null for a rank that has none. */
export function plainValue(call: ImportCall, value: MapValue): MapValue | null {
  const [usual] = layoutsOf(value.shape.length);
  if (usual === undefined || value.shape.length < 3 || value.shape[0] !== 1) return null;
  return { ...value, ...naturalValue(relaid(call, value, usual), value.shape) };
}

/** The rearranged map, as the call's own output. @throws SystoleError operator-limit where too many parts would move */
export function emitRelaid(call: ImportCall, value: MapValue, roles: AxisRoles): MapTensor {
  const digits = allDigits(call, value, roles);
  checkParts(call, countParts(digits));
  return emitArrange(call, movedParts(value.tensor.name, digits), { ...sizeUnder(value, roles), vector: false }, 0);
}

function sizeUnder(value: MapValue, roles: AxisRoles): MapSize {
  const size = (axes: readonly number[]): number => elementsOf(axes.map((axis) => value.shape[axis]!));
  return { channels: size(roles.c), height: size(roles.h), width: size(roles.w) };
}

function allDigits(call: ImportCall, value: MapValue, roles: AxisRoles): Digit[] {
  const axes = atomsByAxis(value.atoms, value.shape);
  if (axes === null) throw reordered(call, value);
  return (['c', 'h', 'w'] as const).flatMap((to) => {
    const atoms = roles[to].flatMap((axis) => axes[axis]!);
    return digitsOf(to, atoms);
  });
}

function digitsOf(to: MapAxis, atoms: readonly Atom[]): Digit[] {
  const own = normalAtoms(atoms);
  return own.map(({ axis, size, stride }, i) => {
    const toStep = elementsOf(own.slice(i + 1).map((inner) => inner.size));
    return { to, toStep, from: axis, fromStep: stride, size };
  });
}

/** Along each axis the largest digit that stays on it runs within a part; all others tell the parts apart. */
function runners(digits: readonly Digit[]): { readonly [axis in MapAxis]: Digit | undefined } {
  const largest = (axis: MapAxis): Digit | undefined =>
    digits.filter(({ to, from }) => to === axis && from === axis).sort((a, b) => b.size - a.size)[0];
  return { c: largest('c'), h: largest('h'), w: largest('w') };
}

function countParts(digits: readonly Digit[]): number {
  const running = runners(digits);
  return elementsOf(digits.filter((digit) => digit !== running[digit.to]).map(({ size }) => size));
}

function movedParts(input: string, digits: readonly Digit[]): ArrangePart[] {
  const running = runners(digits);
  const others = digits.filter((digit) => digit !== running[digit.to]);
  const count = countParts(digits);
  return Array.from({ length: count }, (_, index) => {
    const from = { c: 0, h: 0, w: 0 };
    const to = { c: 0, h: 0, w: 0 };
    let rest = index;
    for (const digit of others) {
      const k = rest % digit.size;
      rest = Math.floor(rest / digit.size);
      from[digit.from] += k * digit.fromStep;
      to[digit.to] += k * digit.toStep;
    }
    const step = (axis: MapAxis, of: 'fromStep' | 'toStep'): number => running[axis]?.[of] ?? 1;
    const steps = (of: 'fromStep' | 'toStep') => ({ yStep: step('h', of), xStep: step('w', of), cStep: step('c', of) });
    return {
      input,
      from: { y: from.h, x: from.w, c: from.c, ...steps('fromStep') },
      to: { y: to.h, x: to.w, c: to.c, ...steps('toStep') },
      size: [running.h?.size ?? 1, running.w?.size ?? 1, running.c?.size ?? 1],
    };
  });
}

export function reordered(call: ImportCall, value: MapValue): Error {
  const { channels, height, width } = value.tensor;
  return limit(call, 'a Reshape or Transpose before it mixes channels and pixels', {
    expected: `the map 1x${channels}x${height}x${width} of ${value.tensor.name} as it is`,
    actual: value.shape.join('x'),
    hint: 'Reshape and Transpose are free where they only change the layout: channels last and back, or flattening',
  });
}
