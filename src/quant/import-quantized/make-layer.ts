/** Accumulators and a quantizer -> one layer of the integer network, its step functions met exactly where constants can. */
import { type ChannelConstants, constantsOfScale, type RequantizeWidths } from '../certificate.js';
import { checkCertificate } from '../check-certificate.js';
import { layerExactness } from '../ledger.js';
import type { CertificateCheck, ConvLayer, MulLayer, Requantize } from '../network.js';
import { evaluate, type RealQuantizer } from '../quantizer.js';
import { constantLists } from '../requantize-sums.js';
import type { Reach } from '../steps.js';
import { bareLayer, type LayerSetting, reachableRanges } from './bare-layer.js';
import { channelQuantizer, complement } from './channel-quantizer.js';
import type { CodeGrid } from './grid.js';
import type { Pending } from './values.js';

/** Wider tensors are cut to the bits of the codes they reach. */
const WHOLE_BITS = 8;

export interface MadeLayer {
  readonly layer: ConvLayer | MulLayer;
  /** Codes of its output are 0 .. most. */
  readonly most: number;
}

/** Channels that fall behind the pools give lo + hi less their codes, which rise in front of them. */
export function quantizedLayer(pending: Pending, grid: CodeGrid, setting: LayerSetting): MadeLayer {
  const reaches = reachesOf(pending);
  const wished = pending.channels.map((channel, c) => {
    const f = channelQuantizer(grid, channel, c);
    return pending.falls[c] ? complement(f, grid.lo + grid.hi) : f;
  });
  const { lo, hi } = layerLimits(wished, reaches, grid);
  const within = (code: number): number => Math.min(hi, Math.max(lo, code));
  const quantizers = wished.map((f) => ({ ...f, lo, hi, least: within(f.least), most: within(f.most) }));
  return { layer: layerOf(pending, quantizers, reaches, setting), most: hi };
}

/** @param quantizers of the channels, all of the same limits */
export function layerOf(
  pending: Pending,
  quantizers: readonly RealQuantizer[],
  reaches: readonly Reach[],
  setting: LayerSetting,
): ConvLayer | MulLayer {
  const { lo, hi } = quantizers[0]!;
  const channels = channelConstants(quantizers, reaches, setting.widths);
  const residual = pending.residual && { tensor: pending.residual.tensor, m: channels.map((c) => c.r) };
  const round = channels[0]?.round ?? 'floor';
  const checked = checkAll(channels, reaches, setting.name);
  const exactness = layerExactness(
    channels.map((c) => c.exactness),
    checked,
  );
  // Steps behind two batch norms are compared with a root that was rounded.
  const rounded = exactness.kind === 'exact' && pending.channels.some(({ form }) => form.rounded === true);
  return {
    ...bareLayer(pending, setting),
    requantize: { ...constantLists(channels), round, lo, hi, residual },
    exactness: rounded ? { kind: 'exact-in-range' } : exactness,
    checked,
  };
}

export function reachesOf(pending: Pending): readonly Reach[] {
  const residualCodes = pending.residual === null ? 1 : pending.residual.most + 1;
  return reachableRanges(pending).map((range) => ({ range, residualCodes }));
}

/** As narrow as all channels allow: their clamps, and what wide codes can reach. */
function layerLimits(
  quantizers: readonly RealQuantizer[],
  reaches: readonly Reach[],
  grid: CodeGrid,
): { readonly lo: number; readonly hi: number } {
  const lo = Math.min(...quantizers.map((f) => f.least));
  const hi = Math.max(...quantizers.map((f) => f.most));
  if (grid.hi < 2 ** WHOLE_BITS) return { lo, hi };
  const ends = quantizers.flatMap((f, c) => {
    const { range, residualCodes } = reaches[c]!;
    const accs = [range.min, range.max];
    return accs.flatMap((acc) => [evaluate(f, acc, 0), evaluate(f, acc, residualCodes - 1)]);
  });
  return { lo, hi: Math.min(hi, Math.max(...ends, lo)) };
}

/** Rounded down where that is exact; else to the nearest even, which follows ties of power-of-two scales. */
function channelConstants(
  quantizers: readonly RealQuantizer[],
  reaches: readonly Reach[],
  widths: RequantizeWidths,
): readonly ChannelConstants[] {
  const all = (round: Requantize['round']): readonly ChannelConstants[] => {
    const made = memo<ChannelConstants>();
    return quantizers.map((f, c) => ({
      ...made(keyOf(f, reaches[c]!), () => constantsOfScale(f, reaches[c]!, widths, round)),
      quantizer: f,
    }));
  };
  const wrong = (channels: readonly ChannelConstants[]): number =>
    channels.reduce((sum, { exactness: e }) => sum + (e.kind === 'approximate' ? e.differing : 0), 0);
  const down = all('floor');
  if (wrong(down) === 0) return down;
  const even = all('nearest-even');
  return wrong(even) < wrong(down) ? even : down;
}

/** Channels alike have one certificate. */
function checkAll(channels: readonly ChannelConstants[], reaches: readonly Reach[], layer: string): CertificateCheck {
  const made = memo<ReturnType<typeof checkCertificate>>();
  const checks = channels.map((c, i) =>
    made(keyOf(c.quantizer, reaches[i]!), () => checkCertificate(c, reaches[i]!, `${layer}, channel ${i}`)),
  );
  return {
    values: checks.reduce((sum, check) => sum + check.values, 0),
    wholeChannels: checks.filter((check) => check.whole).length,
  };
}

function keyOf(f: RealQuantizer, reach: Reach): string {
  return JSON.stringify([f, reach], (_, value: unknown) => (typeof value === 'bigint' ? value.toString(36) : value));
}

function memo<T>(): (key: string, make: () => T) => T {
  const known = new Map<string, T>();
  return (key, make) => {
    if (!known.has(key)) known.set(key, make());
    return known.get(key)!;
  };
}
