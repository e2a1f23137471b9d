import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';
import type { ArrayLayer } from './array-layer.js';

/**
 * A layer's numbers against the machine's widths.
 * @throws SystoleError accumulator-range, requantize-range
 */
export function checkLayerRanges(layer: ArrayLayer, machine: Machine): void {
  requireAccBits(layer, layer.accRange, machine);
  if (layer.product) requireAccBits(layer, layer.product.range, machine);
  const { requantize } = layer;
  if (!requantize) return;
  requireBits(layer, 'm', requantize.m.map(BigInt), machine.mBits, 'mBits');
  requireBits(layer, 'b', requantize.b, machine.bBits, 'bBits');
  requireBits(layer, 'r', requantize.residual?.m.map(BigInt) ?? [], machine.mBits, 'mBits');
  const shift = requantize.n.reduce((most, n) => Math.max(most, n), 0);
  if (shift >= 2 ** machine.nBits) {
    throw new SystoleError('requantize-range', `layer ${layer.name} shifts by ${shift}`, {
      where: layer.name,
      expected: `at most ${2 ** machine.nBits - 1} (nBits of machine ${machine.name})`,
      actual: String(shift),
    });
  }
}

function requireAccBits(layer: ArrayLayer, { min, max }: ArrayLayer['accRange'], machine: Machine): void {
  const bits = signedBits(BigInt(min), BigInt(max));
  if (bits > machine.accBits) {
    throw new SystoleError('accumulator-range', `layer ${layer.name} needs accumulators of ${bits} bits`, {
      where: layer.name,
      expected: `at most ${machine.accBits} bits (accBits of machine ${machine.name})`,
      actual: `${min} to ${max}`,
      hint: 'use a machine with wider accumulators, or fewer bits',
    });
  }
}

/** Width of two's complement that holds both. */
export function signedBits(min: bigint, max: bigint): number {
  let bits = 1;
  while (BigInt.asIntN(bits, min) !== min || BigInt.asIntN(bits, max) !== max) bits++;
  return bits;
}

function requireBits(layer: ArrayLayer, what: string, values: readonly bigint[], bits: number, field: string): void {
  for (const [channel, value] of values.entries()) {
    if (BigInt.asIntN(bits, value) === value) continue;
    const needed = signedBits(value, value);
    throw new SystoleError('requantize-range', `layer ${layer.name} needs a constant ${what} of ${needed} bits`, {
      where: `${layer.name}, channel ${channel}`,
      expected: `at most ${bits} bits signed`,
      actual: String(value),
      hint: `use a machine with a larger ${field}`,
    });
  }
}

/** What a plan takes of one memory. @throws SystoleError memory-too-small */
export function requireSpace(what: string, where: string, needed: number, available: number): void {
  if (needed <= available) return;
  throw new SystoleError('memory-too-small', `the network does not fit the ${what} memory`, {
    where,
    expected: `${needed} words`,
    actual: `${available} words, ${needed - available} too few`,
    hint: `use a machine with more ${what} memory`,
  });
}
