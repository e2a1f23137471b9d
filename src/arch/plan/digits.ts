/** Operands wider than the machine's digits become several passes over a layer (docs/machine.md, FEED). */
import type { Machine } from '../machine.js';
import type { PassMode } from '../program/program.js';
import type { ArrayLayer } from './array-layer.js';

/** How a layer's weights are cut into digit planes, least significant first. */
export interface WeightDigits {
  readonly planes: number;
  readonly form: 'bipolar' | 'unsigned' | 'signed';
}

export interface DigitPass {
  readonly activationPlane: number;
  readonly weightPlane: number;
  readonly shift: number;
  readonly mode: PassMode;
}

/** Digit planes of an activation tensor of `bits` bits. */
export function activationPlanes(bits: number, machine: Machine): number {
  return Math.ceil(bits / machine.activationDigit);
}

/**
 * The layer's own width decides; a depthwise tile also holds the zeros off its diagonal, so bipolar
 * weights need two bits there, and weights that are never negative need no sign.
 */
export function weightDigits(layer: ArrayLayer, machine: Machine): WeightDigits {
  const planes = (bits: number) => Math.ceil(bits / machine.weightDigit);
  if (!layer.depthwise) {
    if (layer.weightBits > 1) return { planes: planes(layer.weightBits), form: 'signed' };
    return machine.weightDigit === 1 ? { planes: 1, form: 'bipolar' } : { planes: planes(2), form: 'signed' };
  }
  let [min, max] = [0, 1];
  for (const w of layer.weights) {
    min = Math.min(min, w);
    max = Math.max(max, w);
  }
  if (min === 0) return { planes: planes(32 - Math.clz32(max)), form: 'unsigned' };
  return { planes: planes(Math.max(2, layer.weightBits)), form: 'signed' };
}

/** Plane `plane` of one weight, as a plain field of weightDigit bits. */
export function weightDigit(weight: number, plane: number, digits: WeightDigits, machine: Machine): number {
  if (digits.form === 'bipolar') return weight > 0 ? 1 : 0;
  return (weight >> (machine.weightDigit * plane)) & (2 ** machine.weightDigit - 1);
}

/** Plane `plane` of a code. */
export function codeDigit(code: number, plane: number, machine: Machine): number {
  return (code >> (machine.activationDigit * plane)) & (2 ** machine.activationDigit - 1);
}

/** All pairs of planes, most significant first; equal weights need no shift between them. */
export function digitPasses(planes: number, weights: WeightDigits, machine: Machine): readonly DigitPass[] {
  const { activationDigit: ad, weightDigit: wd } = machine;
  const pairs = Array.from({ length: planes * weights.planes }, (_, i) => ({
    activationPlane: i % planes,
    weightPlane: Math.floor(i / planes),
  }));
  const weight = (pair: (typeof pairs)[number]) => ad * pair.activationPlane + wd * pair.weightPlane;
  const ordered = pairs.sort((a, b) => weight(b) - weight(a) || b.weightPlane - a.weightPlane);
  return ordered.map((pair, i) => ({
    ...pair,
    shift: i === 0 ? 0 : weight(ordered[i - 1]!) - weight(pair),
    mode: modeOf(pair.weightPlane, weights),
  }));
}

function modeOf(plane: number, weights: WeightDigits): PassMode {
  if (weights.form === 'bipolar') return 'bipolar';
  return weights.form === 'signed' && plane === weights.planes - 1 ? 'signed' : 'unsigned';
}
