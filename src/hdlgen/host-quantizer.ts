/** A model's own quantizers, as the C driver holds them. */
import type { Rounding, UniformQuantizer } from '../frontend/graph.js';
import type { InputAffine, InputQuantizer } from '../quant/network.js';
import { floatConstant } from './c-text.js';
import type { View } from './render.js';

const ROUNDINGS: Record<Rounding, string> = {
  'half-even': 'SYSTOLE_HALF_EVEN',
  'half-up': 'SYSTOLE_HALF_UP',
  'half-down': 'SYSTOLE_HALF_DOWN',
  'half-away': 'SYSTOLE_HALF_AWAY',
  'half-to-zero': 'SYSTOLE_HALF_TO_ZERO',
  floor: 'SYSTOLE_FLOOR',
  ceil: 'SYSTOLE_CEIL',
  'to-zero': 'SYSTOLE_TO_ZERO',
  away: 'SYSTOLE_AWAY',
};

/** One entry of the quantizers in systole_network.c.hbs. */
export function quantizerView(q: InputQuantizer): View {
  const affines = q.before.map(affineText);
  return {
    ...{ scale: floatsText(q.scale), scales: q.scale.length, zero: floatsText(q.zero), zeros: q.zero.length },
    ...{ lo: q.lo, hi: q.hi, base: q.base, step: q.step },
    ...{ round: ROUNDINGS[q.round], inside: q.zeroInside ? 1 : 0 },
    affine: affines.length > 0 ? `(const struct systole_affine[]){ ${affines.join(', ')} }` : 'NULL',
    affines: affines.length,
  };
}

/** A step behind the network quantizes values in place: codes of its own order, nothing in front. */
export function stepQuantizer(q: UniformQuantizer): InputQuantizer {
  const { lo, hi, round, zeroInside } = q;
  return { before: [], scale: [...q.scale], zero: [...q.zero], lo, hi, round, zeroInside, base: 0, step: 1 };
}

function affineText({ scale, divides, shift, min, max }: InputAffine): string {
  const [low, high] = [min === null ? '-INFINITY' : floatConstant(min), max === null ? 'INFINITY' : floatConstant(max)];
  return `{ ${floatsText(scale)}, ${floatsText(shift)}, ${scale.length}u, ${shift.length}u, ${divides ? 1 : 0}, ${low}, ${high} }`;
}

/** An array in place; the shortest decimal of a double reads back as that double. */
export function doublesText(values: readonly number[]): string {
  return `(const double[]){ ${values.map((x) => (Number.isInteger(x) ? x.toFixed(1) : `${x}`)).join(', ')} }`;
}

function floatsText(values: readonly number[]): string {
  return `(const float[]){ ${values.map(floatConstant).join(', ')} }`;
}
