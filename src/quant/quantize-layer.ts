/** One float layer and the tensors around it -> one integer layer with its certificate. */
import { accRanges, widestRange } from './acc-range.js';
import { type ChannelConstants, constantsOfScale, constantsOnGrid } from './certificate.js';
import { checkCertificate } from './check-certificate.js';
import type { Agreement } from './differences.js';
import type { FloatConv } from './lower.js';
import type { CertificateCheck, CodeTensor, ConvLayer, Exactness, Requantize, WeightArray } from './network.js';
import type { QuantizeOptions } from './options.js';
import { codeOf, type QuantizerConstants, type RealQuantizer, realQuantizer } from './quantizer.js';
import { type Dyadic, dyadic, multiply } from './rational.js';
import type { Reach } from './steps.js';

export interface LayerNumbers {
  /** [Cout][kh][kw][Cin/groups] */
  readonly codes: Int8Array;
  /** A code of channel c is worth scales[c] / divisor. */
  readonly scales: readonly number[];
  readonly divisor: number;
  /** Systole chose the scales, and may move them a little. */
  readonly ownScales: boolean;
  readonly bias: Float32Array;
  readonly weightBits: number;
}

export interface LayerTensors {
  readonly input: CodeTensor;
  readonly output: CodeTensor;
  readonly residual: CodeTensor | null;
}

/** `raw`: the accumulators leave the machine as they are. */
export function quantizeLayer(
  layer: FloatConv,
  numbers: LayerNumbers,
  tensors: LayerTensors,
  raw: boolean,
  widths: QuantizeOptions['widths'],
): ConvLayer {
  const { input, output } = tensors;
  const weights = denseGroups(layer, numbers.codes, input.channels, output.channels);
  const ranges = accRanges(weights.codes, output.channels, 2 ** input.bits - 1);
  const shared = {
    kind: 'conv',
    name: layer.name,
    sources: layer.sources,
    input: layer.input,
    output: layer.output,
    kernel: layer.kernel,
    strides: layer.strides,
    dilations: layer.dilations,
    pads: layer.pads,
    groups: weights.groups,
    weights: weights.codes,
    // Zeros between groups are no bipolar weights.
    weightFormat: { bits: weights.spread ? Math.max(2, numbers.weightBits) : numbers.weightBits },
    useful: layer.useful,
    ...(weights.spread ? { sourceWeights: numbers.codes.length } : {}),
    accRange: widestRange(ranges),
  } as const;
  if (raw) return { ...shared, requantize: null, exactness: { kind: 'exact' } };
  const { lo, hi } = codeLimits(layer, output);
  const residualCodes = tensors.residual === null ? 1 : 2 ** tensors.residual.bits;
  const reaches = ranges.map((range): Reach => ({ range, residualCodes }));
  const sums = weightSums(numbers.codes, output.channels);
  const channels = reaches.map((reach, c) =>
    channelConstants(numbers, c, { ...tensors, accZero: input.zero * sums[c]!, lo, hi }, reach, widths),
  );
  const residual = tensors.residual && { tensor: tensors.residual.name, m: channels.map((c) => c.r) };
  const checked = checkChannels(channels, reaches, layer.name);
  return {
    ...shared,
    requantize: { ...constantLists(channels), round: 'floor', lo, hi, residual },
    exactness: layerExactness(
      channels.map((c) => c.exactness),
      checked,
    ),
    checked,
  };
}

/** Groups that are neither one nor one a channel become one, with zeros between them. */
export function denseGroups<W extends WeightArray>(
  layer: Pick<FloatConv, 'groups'>,
  codes: W,
  inputs: number,
  outputs: number,
): { readonly codes: W; readonly groups: number; readonly spread: boolean } {
  const { groups } = layer;
  if (groups === 1 || (groups === inputs && groups === outputs)) return { codes, groups, spread: false };
  const perGroup = inputs / groups;
  const positions = codes.length / outputs / perGroup;
  const size = outputs * positions * inputs;
  const dense = (codes instanceof Int8Array ? new Int8Array(size) : new Int16Array(size)) as W;
  for (let row = 0; row < outputs * positions; row++) {
    const group = Math.floor(Math.floor(row / positions) / (outputs / groups));
    dense.set(codes.subarray(row * perGroup, (row + 1) * perGroup), row * inputs + group * perGroup);
  }
  return { codes: dense, groups: 1, spread: true };
}

type ChannelPlace = LayerTensors & Pick<QuantizerConstants, 'accZero' | 'lo' | 'hi'>;

function channelConstants(
  numbers: LayerNumbers,
  c: number,
  place: ChannelPlace,
  reach: Reach,
  widths: QuantizeOptions['widths'],
): ChannelConstants {
  const { input, output } = place;
  const quantizerOf = (step: Dyadic, divisor: number): RealQuantizer =>
    realQuantizer({
      step,
      divisor,
      accZero: place.accZero,
      bias: numbers.bias[c]!,
      residual: place.residual,
      outputScale: output.scale,
      outputZero: output.zero,
      lo: place.lo,
      hi: place.hi,
    });
  const scale = numbers.scales[c]!;
  if (!numbers.ownScales) {
    const step = multiply(dyadic(scale), dyadic(input.scale));
    return constantsOfScale(quantizerOf(step, numbers.divisor), reach, widths);
  }
  const onGrid = (codesPerUnit: Dyadic): RealQuantizer => quantizerOf(multiply(codesPerUnit, dyadic(output.scale)), 1);
  return constantsOnGrid(onGrid, (scale * input.scale) / output.scale, reach, widths);
}

export function constantLists(channels: readonly ChannelConstants[]): Pick<Requantize, 'm' | 'b' | 'n'> {
  return { m: channels.map((c) => c.m), b: channels.map((c) => c.b), n: channels.map((c) => c.n) };
}

/** Clamping reals and then quantizing is clamping codes: quantization is monotone. */
function codeLimits(layer: FloatConv, output: CodeTensor): { readonly lo: number; readonly hi: number } {
  const top = 2 ** output.bits - 1;
  return {
    lo: layer.clamp.min === null ? 0 : codeOf(layer.clamp.min, output, top),
    hi: layer.clamp.max === null ? top : codeOf(layer.clamp.max, output, top),
  };
}

export function weightSums(codes: WeightArray, channels: number): number[] {
  const taps = codes.length / channels;
  const sums = new Array<number>(channels).fill(0);
  codes.forEach((w: number, i: number) => {
    const c = Math.floor(i / taps);
    sums[c] = sums[c]! + w;
  });
  return sums;
}

/** What the layer's entry in the ledger is. */
export function layerExactness(channels: readonly Agreement[], checked: CertificateCheck): Exactness {
  const wrong = channels.filter((e) => e.kind === 'approximate');
  if (wrong.length === 0) return { kind: checked.wholeChannels === channels.length ? 'exact' : 'exact-in-range' };
  return {
    kind: 'approximate',
    differing: wrong.reduce((sum, e) => sum + e.differing, 0),
    maxCodes: Math.max(...wrong.map((e) => e.maxCodes)),
  };
}

export function checkChannels(
  channels: readonly ChannelConstants[],
  reaches: readonly Reach[],
  layer: string,
): CertificateCheck {
  const checks = channels.map((c, i) => checkCertificate(c, reaches[i]!, `${layer}, channel ${i}`));
  return {
    values: checks.reduce((sum, check) => sum + check.values, 0),
    wholeChannels: checks.filter((check) => check.whole).length,
  };
}
