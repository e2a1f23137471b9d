/** Accumulators, and what follows them, onto a grid: layers of the integer network. */
import { toNumber } from '../rational.js';
import { channelLimits, clampedByChannel } from './channel-clamps.js';
import { curvedCodes } from './curved-layers.js';
import { evenTies } from './even-ties.js';
import type { CodeGrid } from './grid.js';
import { type MadeLayer, quantizedLayer } from './make-layer.js';
import type { NetworkParts } from './network-parts.js';
import type { Coded, Pending } from './values.js';
import { commonZero } from './whole-zero.js';
import { wideCodes } from './wide-codes.js';

/** @throws SystoleError network-unsupported, accumulator-range */
export function quantized(
  parts: NetworkParts,
  pending: Pending,
  given: CodeGrid,
  output: string,
  sources: readonly string[],
): Coded {
  if (given.zeros.length > 1) return ownZeros(parts, pending, given, output, sources);
  if (pending.curve !== null || given.rows !== null) return curvedCodes(parts, pending, given, output, sources);
  const { pools, falls } = pending;
  const turned = falls.includes(true);
  // Ties that go to even codes still do where an even total is left of them.
  const wished = turned && (given.lo + given.hi) % 2 !== 0 ? { ...given, hi: given.hi + 1 } : given;
  const name = pools.length > 0 ? parts.unusedTensor(pending.output) : output;
  const setting = parts.setting(pending, name, sources);
  const made = exactLayer(pending, wished, setting);
  const apart = made.layer.exactness.kind === 'approximate' ? channelLimits(pending, given) : null;
  if (apart !== null) {
    const open = { ...pending, channels: pending.channels.map((channel) => ({ ...channel, bounds: [] })) };
    const codes = quantized(parts, open, given, parts.unusedTensor(`${output}.open`), sources);
    return clampedByChannel(parts, codes, apart, given.zeros[0]!, output);
  }
  const ties = made.layer.exactness.kind === 'approximate' ? evenTies(parts, pending, wished, setting) : null;
  if (made.layer.exactness.kind === 'approximate' && ties === null && given.round === 'half-even') {
    const wide = pending.residual !== null || pending.base.kind === 'product' ? wideCodes(parts, pending) : null;
    if (wide !== null) return quantized(parts, wide, given, output, sources);
  }
  const { zeros, scales, lo, hi } = ties === null ? made.grid : wished;
  const worth = { scales, zero: zeros[0]!, most: ties === null ? made.most : wished.hi };
  if (ties !== null) parts.addCodes(ties.half, pending.shape, { scales: scales.slice(0, 1), zero: 0, most: ties.most });
  if (ties !== null) parts.add(ties.first);
  parts.add(ties?.second ?? made.layer);
  const first = parts.addCodes(name, pending.shape, worth);
  const pooled = parts.pooled(pools, first, turned ? parts.unusedTensor(`${output}.turned`) : output);
  if (!turned) return pooled;
  const by = { m: falls.map((f) => (f ? -1 : 1)), b: falls.map((f) => (f ? lo + hi : 0)) };
  return parts.moved(pooled, by, { ...worth, most: hi - (wished.hi - given.hi) }, output);
}

/** Each channel on its own codes, then all on one grid. */
function ownZeros(
  parts: NetworkParts,
  pending: Pending,
  grid: CodeGrid,
  output: string,
  sources: readonly string[],
): Coded {
  const odd = grid.added.map((zero) => (grid.inside ? 0 : Math.abs(zero % 2)));
  const name = parts.unusedTensor(`${output}.own`);
  if (grid.round !== 'half-even' || odd.every((z) => z === odd[0])) {
    return commonZero(parts, quantized(parts, pending, { ...grid, zeros: [0] }, name, sources), grid.zeros, output);
  }
  // Ties of all channels go to even codes where all zero points are even: one more of some, taken back behind it.
  const added = grid.added.map((zero, c) => zero + odd[c]!);
  const even = { ...grid, added, hi: grid.hi + 1, zeros: [0] };
  const codes = quantized(parts, pending, even, parts.unusedTensor(`${output}.even`), sources);
  const by = { m: odd.map(() => 1), b: odd.map((z) => -z) };
  const own = parts.moved(codes, by, { scales: codes.scales, zero: 0, most: grid.hi }, name, grid.lo);
  return commonZero(parts, own, grid.zeros, output);
}

/** The requantizer's ties go to even codes. Where the model's go to odd ones, codes move up by one. */
function exactLayer(
  pending: Pending,
  grid: CodeGrid,
  setting: Parameters<typeof quantizedLayer>[2],
): MadeLayer & { readonly grid: CodeGrid } {
  const made = { ...quantizedLayer(pending, grid, setting), grid };
  if (made.layer.exactness.kind !== 'approximate' || grid.round !== 'half-even' || grid.step !== 1) return made;
  const { base, lo, hi, zeros } = grid;
  const moved = { ...grid, base: base - 1, lo: lo + 1, hi: hi + 1, zeros: zeros.map((z) => z + 1) };
  const again = { ...quantizedLayer(pending, moved, setting), grid: moved };
  return again.layer.exactness.kind !== 'approximate' ? again : made;
}

/** All codes of the one are codes of the other for the same values. */
export function sameGrid(codes: Coded, grid: CodeGrid): boolean {
  if (!grid.settles || grid.step !== 1 || grid.lo !== 0 || grid.hi < codes.most) return false;
  if (grid.zeros.length !== 1 || codes.zero !== grid.zeros[0] || codes.scales.length !== grid.scales.length)
    return false;
  return codes.scales.every((s, c) => toNumber(s) === toNumber(grid.scales[c]!));
}
