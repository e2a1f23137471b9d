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
  // Ties that go to even codes still do where an even total is left of them.
  const turned = pending.falls.includes(true);
  const grid = turned && (given.lo + given.hi) % 2 !== 0 ? { ...given, hi: given.hi + 1 } : given;
  const name = pending.pools.length > 0 ? parts.unusedTensor(pending.output) : output;
  const target: Target = { parts, pending, given, grid, name, output, sources };
  const made = exactLayer(pending, grid, parts.setting(pending, name, sources));
  const exact = made.layer.exactness.kind === 'approximate' ? severalLayers(target) : null;
  if (exact !== null) return exact;
  parts.add(made.layer);
  return finished(target, made.grid, made.most);
}

interface Target {
  readonly parts: NetworkParts;
  readonly pending: Pending;
  readonly given: CodeGrid;
  /** As given, but for one code more where channels are turned round. */
  readonly grid: CodeGrid;
  /** What is made in front of pools. */
  readonly name: string;
  readonly output: string;
  readonly sources: readonly string[];
}

/** What no one layer does exactly; null where several do not either. */
function severalLayers(target: Target): Coded | null {
  const { parts, pending, given, grid, name, output, sources } = target;
  const limits = channelLimits(pending, given);
  if (limits !== null) {
    const open = { ...pending, channels: pending.channels.map((channel) => ({ ...channel, bounds: [] })) };
    const alone = exactLayer(open, grid, parts.setting(open, name, sources));
    if (alone.layer.exactness.kind === 'approximate' && given.round !== 'half-even') return null;
    const codes = quantized(parts, open, given, parts.unusedTensor(`${output}.open`), sources);
    return clampedByChannel(parts, codes, limits, given.zeros[0]!, output);
  }
  const ties = evenTies(parts, pending, grid, parts.setting(pending, name, sources));
  if (ties !== null) {
    parts.addCodes(ties.half, pending.shape, { scales: grid.scales.slice(0, 1), zero: 0, most: ties.most });
    parts.add(ties.first);
    parts.add(ties.second);
    return finished(target, grid, grid.hi);
  }
  if (given.round !== 'half-even' || (pending.residual === null && pending.base.kind === 'window')) return null;
  const wide = wideCodes(parts, pending);
  return wide && quantized(parts, wide, given, output, sources);
}

/** The pools, and channels turned back. */
function finished(target: Target, { zeros, scales, lo, hi }: CodeGrid, most: number): Coded {
  const { parts, pending, given, grid, name, output } = target;
  const { pools, falls, shape } = pending;
  const worth = { scales, zero: zeros[0]!, most };
  const first = parts.addCodes(name, shape, worth);
  if (!falls.includes(true)) return parts.pooled(pools, first, output);
  const pooled = parts.pooled(pools, first, parts.unusedTensor(`${output}.turned`));
  const by = { m: falls.map((f) => (f ? -1 : 1)), b: falls.map((f) => (f ? lo + hi : 0)) };
  return parts.moved(pooled, by, { ...worth, most: hi - (grid.hi - given.hi) }, output);
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
