/** Accumulators and a quantizer -> one layer of the integer network, its step functions met exactly where constants can. */
import { accRanges, widestRange } from '../acc-range.js';
import { type ChannelConstants, constantsOfScale, type RequantizeWidths } from '../certificate.js';
import { checkCertificate } from '../check-certificate.js';
import type { CertificateCheck, CodeTensor, ConvLayer, Requantize } from '../network.js';
import { constantLists, denseGroups, sumExactness } from '../quantize-layer.js';
import { evaluate, type RealQuantizer } from '../quantizer.js';
import type { Reach } from '../steps.js';
import { type CodeGrid, channelQuantizer } from './grid.js';
import type { Pending } from './values.js';

/** Wider tensors are cut to the bits of the codes they reach. */
const WHOLE_BITS = 8;

export interface LayerSetting {
  readonly name: string;
  readonly sources: readonly string[];
  readonly input: CodeTensor;
  readonly output: string;
  readonly outputChannels: number;
  readonly widths: RequantizeWidths;
}

/** The layer without its requantizer: accumulators that leave as they are. */
export function rawLayer(pending: Pending, setting: LayerSetting): ConvLayer {
  const { base } = pending;
  const weights = denseGroups(base, base.weights, setting.input.channels, setting.outputChannels);
  const ranges = accRanges(weights.codes, setting.outputChannels, 2 ** setting.input.bits - 1);
  const { kernel, strides, dilations, pads, useful } = base;
  return {
    kind: 'conv',
    ...{ name: setting.name, sources: setting.sources, input: setting.input.name, output: setting.output },
    ...{ kernel, strides, dilations, pads, useful },
    groups: weights.groups,
    weights: weights.codes,
    weightFormat: { bits: weights.spread ? Math.max(2, base.weightBits) : base.weightBits },
    ...(weights.spread ? { sourceWeights: base.weights.length } : {}),
    accRange: widestRange(ranges),
    requantize: null,
    exactness: { kind: 'exact' },
  };
}

export interface MadeLayer {
  readonly layer: ConvLayer;
  /** Codes of its output are 0 .. most. */
  readonly most: number;
}

export function quantizedLayer(pending: Pending, grid: CodeGrid, setting: LayerSetting): MadeLayer {
  const raw = rawLayer(pending, setting);
  const residualCodes = pending.residual === null ? 1 : pending.residual.most + 1;
  const ranges = accRanges(raw.weights, setting.outputChannels, pending.input.most);
  const reaches = ranges.map((range): Reach => ({ range, residualCodes }));
  const wished = pending.channels.map((channel, c) => channelQuantizer(grid, channel, c));
  const { lo, hi } = layerLimits(wished, reaches, grid);
  const within = (code: number): number => Math.min(hi, Math.max(lo, code));
  const quantizers = wished.map((f) => ({ ...f, lo, hi, least: within(f.least), most: within(f.most) }));
  const channels = channelConstants(quantizers, reaches, setting.widths);
  const residual = pending.residual && { tensor: pending.residual.tensor, m: channels.map((c) => c.r) };
  const round = channels[0]?.round ?? 'floor';
  return {
    layer: {
      ...raw,
      requantize: { ...constantLists(channels), round, lo, hi, residual },
      exactness: sumExactness(channels.map((c) => c.exactness)),
      checked: checkAll(channels, reaches, setting.name),
    },
    most: hi,
  };
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
  const wrong = (channels: readonly ChannelConstants[]): number => {
    const { exactness } = { exactness: sumExactness(channels.map((c) => c.exactness)) };
    return exactness.kind === 'exact' ? 0 : exactness.differing;
  };
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
    wholeChannels: checks.filter((check) => check.everyAccumulator).length,
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
