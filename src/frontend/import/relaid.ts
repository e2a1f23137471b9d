/** A value whose order is not that of a map, as a map: its digits move to the axes that they are now part of. */
import type { ArrangePart } from '../graph.js';
import type { ImportCall } from '../operators/operator.js';
import type { AxisRoles } from './input-layout.js';
import { type Atom, atomsByAxis, type MapAxis, naturalAtoms, normalAtoms, sameAtoms } from './layout.js';
import { checkParts, emitArrange } from './placement.js';
import { realized } from './realized.js';
import { limit } from './refuse.js';
import { partOf } from './state.js';
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
  const size = (axes: readonly number[]): number => elementsOf(axes.map((axis) => value.shape[axis]!));
  const wanted = { channels: size(roles.c), height: size(roles.h), width: size(roles.w) };
  const { tensor } = value;
  const same = tensor.channels === wanted.channels && tensor.height === wanted.height && tensor.width === wanted.width;
  if (same && sameAtoms(value.atoms, naturalAtoms(tensor))) return tensor;
  const axes = atomsByAxis(value.atoms, value.shape);
  if (axes === null) throw reordered(call, value);
  const digits = (['c', 'h', 'w'] as const).flatMap((to) =>
    digitsOf(
      to,
      roles[to].flatMap((axis) => axes[axis]!),
    ),
  );
  const input = realized(call.state, tensor);
  const key = JSON.stringify([input.name, digits]);
  const known = call.state.relaid.get(key);
  if (known !== undefined) return known;
  const part = partOf(call, 'relaid', 'between');
  const made = emitArrange(part, movedParts(call, input.name, digits), { ...wanted, vector: false }, 0);
  call.state.relaid.set(key, made);
  return made;
}

function digitsOf(to: MapAxis, atoms: readonly Atom[]): Digit[] {
  const own = normalAtoms(atoms);
  return own.map(({ axis, size, stride }, i) => {
    const toStep = elementsOf(own.slice(i + 1).map((inner) => inner.size));
    return { to, toStep, from: axis, fromStep: stride, size };
  });
}

/** Along each axis the largest digit that stays on it runs within a part; all others tell the parts apart. */
function movedParts(call: ImportCall, input: string, digits: readonly Digit[]): ArrangePart[] {
  const runner = (axis: MapAxis): Digit | undefined =>
    digits.filter(({ to, from }) => to === axis && from === axis).sort((a, b) => b.size - a.size)[0];
  const running = { c: runner('c'), h: runner('h'), w: runner('w') };
  const others = digits.filter((digit) => digit !== running[digit.to]);
  const count = elementsOf(others.map(({ size }) => size));
  checkParts(call, count);
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
