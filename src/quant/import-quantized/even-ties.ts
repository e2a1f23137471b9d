/**
 * Ties to even of a slope that is no power of two: the steps to even codes and those to odd codes are each at even distances,
 * so that one layer counts the former and the next one, with that as its residual, adds the latter.
 */

import type { ConvLayer, MulLayer } from '../network.js';
import type { RealQuantizer } from '../quantizer.js';
import { dyadic } from '../rational.js';
import type { LayerSetting } from './bare-layer.js';
import { channelQuantizer, complement } from './channel-quantizer.js';
import type { CodeGrid } from './grid.js';
import { layerOf, reachesOf } from './make-layer.js';
import type { NetworkParts } from './network-parts.js';
import type { Pending } from './values.js';

export interface EvenTies {
  /** Makes `half`. */
  readonly first: ConvLayer | MulLayer;
  readonly second: ConvLayer | MulLayer;
  readonly half: string;
  /** Codes of the first are 0 .. most. */
  readonly most: number;
}

/** null where there is a residual already, a product, or where that is no help either. */
export function evenTies(
  parts: NetworkParts,
  pending: Pending,
  grid: CodeGrid,
  setting: LayerSetting,
): EvenTies | null {
  if (grid.round !== 'half-even' || grid.step !== 1 || pending.residual !== null || pending.base.kind !== 'window')
    return null;
  const wished = pending.channels.map((channel, c) => {
    const f = channelQuantizer(grid, channel, c);
    return pending.falls[c] ? complement(f, grid.lo + grid.hi) : f;
  });
  const [lo, hi] = [Math.min(...wished.map((f) => f.least)), Math.max(...wished.map((f) => f.most))];
  // Of k = code - zero: the even ones passed, from the lowest on.
  const least = Math.floor(Math.min(...wished.map((f) => lo - f.zero)) / 2);
  const most = Math.ceil(Math.max(...wished.map((f) => hi - f.zero)) / 2) - least;
  const half = parts.unusedTensor(`${setting.output}.half`);
  const reaches = reachesOf(pending);
  const first = layerOf(
    pending,
    wished.map((f) => evenSteps(f, least, most)),
    reaches,
    { ...setting, output: half, sources: [] },
  );
  if (first.exactness.kind === 'approximate') return null;
  const residual = { kind: 'coded', tensor: half, scales: [dyadic(1)], zero: 0, most } as const;
  const both = wished.map((f) => ({ ...oddSteps(f, least), lo, hi }));
  const second = layerOf({ ...pending, residual }, both, reachesOf({ ...pending, residual }), setting);
  return second.exactness.kind === 'approximate' ? null : { first, second, half, most };
}

/** floor((t - zero)/2 + 1/4) - least */
function evenSteps(f: RealQuantizer, least: number, most: number): RealQuantizer {
  const { p, q, r, d } = f;
  const root = f.root && { ...f.root, p: 2n * f.root.p, q: 2n * f.root.q, r: 2n * f.root.r };
  const moved = 2n * q - 2n * BigInt(f.zero) * d + d - 4n * BigInt(least) * d;
  const limits = { lo: 0, hi: most, least: 0, most };
  return { ...f, p: 2n * p, q: moved, r: 2n * r, d: 4n * d, root, ...limits, round: 'floor', zero: 0 };
}

/** ceil((t - zero)/2 - 1/4) + res + least + zero */
function oddSteps(f: RealQuantizer, least: number): RealQuantizer {
  const { p, q, d } = f;
  const root = f.root && { ...f.root, p: 2n * f.root.p, q: 2n * f.root.q, r: 0n };
  const zero = BigInt(f.zero);
  const moved = 2n * q - 2n * zero * d - d + 4n * (BigInt(least) + zero) * d;
  return { ...f, p: 2n * p, q: moved, r: 4n * d, d: 4n * d, root, round: 'ceil', zero: 0 };
}
