/** One float layer that sums, or multiplies, and the tensors around it -> one integer layer with its certificate. */
import { accRanges, productRange, widestRange } from './acc-range.js';
import type { RequantizeWidths } from './certificate.js';
import type { FloatConv, FloatMul } from './float-network.js';
import type { CodeTensor, ConvLayer, MulLayer, WeightArray } from './network.js';
import { dyadic, multiply } from './rational.js';
import { realReach, requantizeSums, type SumChannel } from './requantize-sums.js';
import { sumGrid, type TableSource } from './sum-grid.js';

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

export interface LayerSetting {
  readonly widths: RequantizeWidths;
  readonly tables: TableSource;
}

/** `raw`: the accumulators leave the machine as they are. */
export function quantizeLayer(
  layer: FloatConv,
  numbers: LayerNumbers,
  tensors: LayerTensors,
  raw: boolean,
  { widths, tables }: LayerSetting,
): ConvLayer {
  const { input, output, residual } = tensors;
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
  const residualCodes = residual === null ? 1 : 2 ** residual.bits;
  const sums = weightSums(numbers.codes, output.channels);
  const channels = ranges.map((range, c): SumChannel => {
    const factors = layer.residual?.factors ?? [];
    const factor = factors[factors.length === 1 ? 0 : c];
    return {
      step: multiply(dyadic(numbers.scales[c]!), dyadic(input.scale)),
      divisor: numbers.divisor,
      ownStep: numbers.ownScales,
      accZero: input.zero * sums[c]!,
      bias: numbers.bias[c]!,
      residual: residual && { scale: residual.scale, zero: residual.zero, ...(factor && { factor }) },
      reach: { range, residualCodes },
    };
  });
  const own = isIdentity(layer) ? input : null;
  const grid = sumGrid(layer, output, { input: own, reach: realReach(channels) }, tables);
  const made = requantizeSums(channels, grid, widths, layer.name);
  const requantize = { ...made.requantize, residual: residual && { tensor: residual.name, m: made.residual } };
  return { ...shared, requantize, exactness: made.exactness, checked: made.checked };
}

/** Both scales are Systole's own, and so is the product's. */
export function quantizeMul(
  layer: FloatMul,
  tensors: { readonly inputs: readonly [CodeTensor, CodeTensor]; readonly output: CodeTensor },
  { widths, tables }: LayerSetting,
): MulLayer {
  const { inputs, output } = tensors;
  const [a, b] = inputs;
  const range = productRange(a, b);
  const channel: SumChannel = {
    ...{ step: multiply(dyadic(a.scale), dyadic(b.scale)), divisor: 1, ownStep: false, accZero: 0 },
    ...{ bias: 0, residual: null, reach: { range, residualCodes: 1 } },
  };
  const channels = new Array<SumChannel>(output.channels).fill(channel);
  const made = requantizeSums(
    channels,
    sumGrid(layer, output, { input: null, reach: realReach([channel]) }, tables),
    widths,
    layer.name,
  );
  const { name, sources } = layer;
  return {
    ...{ kind: 'mul', name, sources, inputs: layer.inputs, output: layer.output },
    requantize: { ...made.requantize, residual: null },
    accRange: range,
    exactness: made.exactness,
    checked: made.checked,
  };
}

/** The sums are the input's codes. */
function isIdentity({ kernel, weights, bias, residual }: FloatConv): boolean {
  if (weights.kind !== 'fixed' || residual !== null || kernel[0] * kernel[1] !== 1) return false;
  return (
    weights.divisor === 1 && weights.scales.every((s, c) => s * weights.codes[c]! === 1) && bias.every((b) => b === 0)
  );
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

export function weightSums(codes: WeightArray, channels: number): number[] {
  const taps = codes.length / channels;
  const sums = new Array<number>(channels).fill(0);
  codes.forEach((w: number, i: number) => {
    const c = Math.floor(i / taps);
    sums[c] = sums[c]! + w;
  });
  return sums;
}
