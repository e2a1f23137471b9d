/** Layers without their requantizers. */
import { accRanges, productRange, widestRange } from '../acc-range.js';
import type { RequantizeWidths } from '../certificate.js';
import type { CodeTensor, ConvLayer, MulLayer } from '../network.js';
import { denseGroups } from '../quantize-layer.js';
import type { AccRange } from '../steps.js';
import type { Pending, ProductBase, WindowBase } from './values.js';

export interface LayerSetting {
  readonly name: string;
  readonly sources: readonly string[];
  readonly output: string;
  readonly widths: RequantizeWidths;
  /** By name. */
  readonly tensors: ReadonlyMap<string, CodeTensor>;
}

export type BareLayer = ConvLayer | (Omit<MulLayer, 'requantize'> & { readonly requantize: null });

/** Accumulators that leave as they are. */
export function bareLayer(pending: Pending, setting: LayerSetting): BareLayer {
  const { base } = pending;
  return base.kind === 'window' ? bareConv(base, pending, setting) : bareProduct(base, pending, setting);
}

export function bareConv(base: WindowBase, { input, shape }: Pending, setting: LayerSetting): ConvLayer {
  const from = setting.tensors.get(input.tensor)!;
  const weights = denseGroups(base, base.weights, from.channels, shape.channels);
  const { kernel, strides, dilations, pads, useful } = base;
  return {
    kind: 'conv',
    ...{ name: setting.name, sources: setting.sources, input: from.name, output: setting.output },
    ...{ kernel, strides, dilations, pads, useful },
    groups: weights.groups,
    weights: weights.codes,
    weightFormat: { bits: weights.spread ? Math.max(2, base.weightBits) : base.weightBits },
    ...(weights.spread ? { sourceWeights: base.weights.length } : {}),
    accRange: widestRange(accRanges(weights.codes, shape.channels, 2 ** from.bits - 1)),
    requantize: null,
    exactness: { kind: 'exact' },
  };
}

function bareProduct({ other }: ProductBase, { input }: Pending, setting: LayerSetting): BareLayer {
  const [a, b] = [setting.tensors.get(input.tensor)!, setting.tensors.get(other.tensor)!];
  return {
    kind: 'mul',
    ...{ name: setting.name, sources: setting.sources, inputs: [a.name, b.name], output: setting.output },
    accRange: productRange(a, b),
    requantize: null,
    exactness: { kind: 'exact' },
  };
}

/** What codes really are, where that is less than their bits hold; padded taps are zero, whether or not the tensor has it. */
export function reachableRanges({ base, input, shape }: Pending): readonly AccRange[] {
  if (base.kind === 'window') {
    const padded = base.pads.some((pad) => pad > 0);
    return accRanges(base.weights, shape.channels, padded ? Math.max(input.most, input.zero) : input.most);
  }
  const ends = [base.other, input].map(({ zero, most }) => [-zero, most - zero]) as [number[], number[]];
  const products = ends[0].flatMap((x) => ends[1].map((y) => x * y + 0));
  const range = { min: Math.min(...products), max: Math.max(...products) };
  return new Array<AccRange>(shape.channels).fill(range);
}
