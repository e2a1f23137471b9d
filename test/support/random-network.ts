/**
 * Constrained-random integer networks for fast-check. A recipe is plain data that shrinks field by field;
 * networkFromRecipe makes a valid network of every recipe by cutting what does not fit.
 */
import fc from 'fast-check';
import type { CodeTensor, IntegerNetwork } from '../../src/quant/network.js';
import { NetworkBuilder } from './network-builder.js';

export interface LayerRecipe {
  readonly kind: 'conv' | 'depthwise' | 'residual' | 'maxpool' | 'dense' | 'average';
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly channels: number;
  readonly weightBits: 1 | 2 | 3 | 4 | 8;
  readonly bits: number;
  /** The code of zero, as a part of the largest code, in eighths. */
  readonly zero: number;
  readonly nearestEven: boolean;
  /** Which tensor it reads and adds, counted back from the newest, as far as there are any. */
  readonly inputBack: number;
  readonly residualBack: number;
}

export interface NetworkRecipe {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bits: number;
  readonly zero: number;
  readonly layers: readonly LayerRecipe[];
  readonly raw: boolean;
  readonly seed: number;
}

export const recipeArbitrary: fc.Arbitrary<NetworkRecipe> = fc.record({
  height: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 7 }),
  bits: fc.integer({ min: 1, max: 8 }),
  zero: fc.integer({ min: 0, max: 7 }),
  layers: fc.array(layerArbitrary(), { minLength: 1, maxLength: 5 }),
  raw: fc.boolean(),
  seed: fc.nat(2 ** 31 - 1),
});

export const networkArbitrary: fc.Arbitrary<IntegerNetwork> = recipeArbitrary.map((recipe) =>
  networkFromRecipe(recipe),
);

function layerArbitrary(): fc.Arbitrary<LayerRecipe> {
  const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
  const pad = fc.integer({ min: 0, max: 3 });
  return fc.record({
    kind: fc.constantFrom('conv', 'conv', 'depthwise', 'residual', 'maxpool', 'dense', 'average'),
    kernel: pair(5),
    strides: pair(3),
    dilations: pair(3),
    pads: fc.tuple(pad, pad, pad, pad),
    channels: fc.integer({ min: 1, max: 11 }),
    weightBits: fc.constantFrom(1, 2, 3, 4, 8),
    bits: fc.integer({ min: 1, max: 8 }),
    zero: fc.integer({ min: 0, max: 7 }),
    nearestEven: fc.boolean(),
    inputBack: fc.constantFrom(0, 0, 0, 1, 2),
    residualBack: fc.integer({ min: 0, max: 3 }),
  });
}

/** @param widths of the narrowest machine the network is for */
export function networkFromRecipe(recipe: NetworkRecipe, widths = { mBits: 34, bBits: 64 }): IntegerNetwork {
  const { height, width, channels, bits, zero, seed } = recipe;
  const input = { height, width, channels, bits, zero: zeroCode(zero, bits) };
  const builder = new NetworkBuilder(input, seed, widths);
  recipe.layers.forEach((layer, i) => {
    const last = i === recipe.layers.length - 1;
    addLayer(builder, layer, last && recipe.raw);
  });
  return builder.build();
}

function addLayer(builder: NetworkBuilder, layer: LayerRecipe, raw: boolean): void {
  const tensors = Object.values(builder.tensors);
  const input = back(tensors, layer.inputBack);
  const window = fitWindow(layer, input);
  const requantized = {
    weightBits: layer.weightBits,
    bits: raw ? null : layer.bits,
    zero: zeroCode(layer.zero, layer.bits),
    round: layer.nearestEven ? ('nearest-even' as const) : ('floor' as const),
    channels: layer.channels,
    input: input.name,
  };
  if (layer.kind === 'maxpool') builder.maxpool({ ...window, input: input.name });
  else if (layer.kind === 'residual') addResidual(builder, layer, input, requantized);
  else if (layer.kind === 'dense') builder.conv({ ...requantized, kernel: [input.height, input.width] });
  else if (layer.kind === 'average') builder.conv({ ...requantized, ...average(input) });
  else builder.conv({ ...requantized, ...window, depthwise: layer.kind === 'depthwise' });
}

/** A convolution that keeps its input's shape, plus any tensor of that shape, its own input included. */
function addResidual(
  builder: NetworkBuilder,
  layer: LayerRecipe,
  input: CodeTensor,
  requantized: {
    weightBits: number;
    bits: number | null;
    zero: number;
    round: 'nearest-even' | 'floor';
    input: string;
  },
): void {
  const alike = Object.values(builder.tensors).filter(
    ({ height, width, channels }) => height === input.height && width === input.width && channels === input.channels,
  );
  const odd = (size: number) => (size >= 3 ? 3 : 1);
  const kernel = [odd(layer.kernel[0]), odd(layer.kernel[1])] as const;
  const pads = [(kernel[0] - 1) / 2, (kernel[1] - 1) / 2] as const;
  builder.conv({
    ...requantized,
    channels: input.channels,
    kernel,
    pads: [...pads, ...pads],
    depthwise: layer.channels % 3 === 0,
    ...(requantized.bits === null ? {} : { residual: back(alike, layer.residualBack).name }),
  });
}

function average(input: CodeTensor) {
  const { height, width, channels } = input;
  const weights = Array.from({ length: channels * height * width }, () => 1);
  return { kernel: [height, width] as const, depthwise: true, weights, weightBits: 2, useful: false };
}

/** The recipe's window, cut until it fits the map and every pad is smaller than the window. */
function fitWindow(layer: LayerRecipe, input: CodeTensor) {
  const axis = (i: 0 | 1, length: number) => {
    const wanted = layer.kernel[i];
    const padded = length + Math.min(layer.pads[i], wanted - 1) + Math.min(layer.pads[i + 2]!, wanted - 1);
    const dilated = (wanted - 1) * layer.dilations[i] + 1 <= padded;
    const kernel = dilated ? wanted : Math.min(wanted, length);
    const pads = [Math.min(layer.pads[i], kernel - 1), Math.min(layer.pads[i + 2]!, kernel - 1)] as const;
    return { kernel, dilation: dilated ? layer.dilations[i] : 1, stride: layer.strides[i], pads };
  };
  const y = axis(0, input.height);
  const x = axis(1, input.width);
  return {
    kernel: [y.kernel, x.kernel] as const,
    strides: [y.stride, x.stride] as const,
    dilations: [y.dilation, x.dilation] as const,
    pads: [y.pads[0], x.pads[0], y.pads[1], x.pads[1]] as const,
  };
}

function back<T>(items: readonly T[], steps: number): T {
  return items[Math.max(0, items.length - 1 - steps)]!;
}

function zeroCode(eighths: number, bits: number): number {
  return Math.floor(((2 ** bits - 1) * eighths) / 8);
}
