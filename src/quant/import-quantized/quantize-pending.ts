/** Accumulators, and what follows them, onto a grid: layers of the integer network. */
import { toNumber } from '../rational.js';
import { curvedCodes } from './curved-layers.js';
import type { CodeGrid } from './grid.js';
import { type MadeLayer, quantizedLayer } from './make-layer.js';
import type { NetworkParts } from './network-parts.js';
import type { Coded, Pending } from './values.js';
import { commonZero } from './whole-zero.js';

/** @throws SystoleError network-unsupported, accumulator-range */
export function quantized(
  parts: NetworkParts,
  pending: Pending,
  grid: CodeGrid,
  output: string,
  sources: readonly string[],
): Coded {
  if (grid.zeros.length > 1) {
    const own = quantized(parts, pending, { ...grid, zeros: [0] }, parts.unusedTensor(`${output}.own`), sources);
    return commonZero(parts, own, grid.zeros, output);
  }
  if (pending.curve !== null || grid.rows !== null) return curvedCodes(parts, pending, grid, output, sources);
  const { pools, falls } = pending;
  const turned = falls.includes(true);
  const name = pools.length > 0 ? parts.unusedTensor(pending.output) : output;
  const made = exactLayer(pending, grid, parts.setting(pending, name, sources));
  const { zeros, scales, lo, hi } = made.grid;
  const worth = { scales, zero: zeros[0]!, most: made.most };
  const first = parts.addCodes(name, pending.shape, worth);
  parts.add(made.layer);
  const pooled = parts.pooled(pools, first, turned ? parts.unusedTensor(`${output}.turned`) : output);
  if (!turned) return pooled;
  const by = { m: falls.map((f) => (f ? -1 : 1)), b: falls.map((f) => (f ? lo + hi : 0)) };
  return parts.moved(pooled, by, worth, output);
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
