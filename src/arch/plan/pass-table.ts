import type { Machine } from '../machine.js';
import type { PassEntry } from '../program/program.js';
import { stepsPerPass } from './conv-map.js';
import { codeDigit } from './digits.js';
import type { LayerGeometry } from './geometry.js';
import type { TensorPlace } from './plan.js';

/** A layer's entries of pass memory. */
export function passEntries(geometry: LayerGeometry, input: TensorPlace, machine: Machine): readonly PassEntry[] {
  const steps = stepsPerPass(geometry.map, machine);
  return geometry.passes.map((pass) => ({
    aOff: pass.activationPlane * input.planeStride,
    wOff: pass.weightPlane * steps,
    shift: pass.shift,
    mode: pass.mode,
    padDigit: codeDigit(geometry.layer.padCode, pass.activationPlane, machine),
  }));
}

/** Where `entries` begin in the table, which grows only by what it does not hold yet. */
export function sharePasses(table: PassEntry[], entries: readonly PassEntry[]): number {
  const same = (a: PassEntry | undefined, b: PassEntry) =>
    a !== undefined &&
    a.aOff === b.aOff &&
    a.wOff === b.wOff &&
    a.shift === b.shift &&
    a.mode === b.mode &&
    a.padDigit === b.padDigit;
  for (let at = 0; at + entries.length <= table.length; at++) {
    if (entries.every((entry, i) => same(table[at + i], entry))) return at;
  }
  table.push(...entries);
  return table.length - entries.length;
}
