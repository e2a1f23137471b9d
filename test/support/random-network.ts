/** Constrained-random integer networks for fast-check: every recipe gives a valid network. */
import type fc from 'fast-check';
import type { CodeTensor, IntegerNetwork } from '../../src/quant/network.js';
import { NetworkBuilder } from './network-builder.js';
import { type LayerRecipe, type NetworkRecipe, type PoolRecipe, recipeArbitrary, WEIGHT_BITS } from './recipe.js';

export { type NetworkRecipe, recipeArbitrary } from './recipe.js';

export const networkArbitrary: fc.Arbitrary<IntegerNetwork> = recipeArbitrary.map((recipe) =>
  networkFromRecipe(recipe),
);

/** @param widths of the narrowest machine the network is for */
export function networkFromRecipe(recipe: NetworkRecipe, widths = { mBits: 34, bBits: 64 }): IntegerNetwork {
  const { height, width, channels, bits, zero } = recipe;
  const input = { height, width, channels, bits, zero: zeroCode(zero, bits) };
  const builder = new NetworkBuilder(input, 1, widths);
  recipe.layers.forEach((layer, i) => {
    const raw = recipe.raw && i === recipe.layers.length - 1 && recipe.outputBack === 0;
    addLayer(builder, layer, raw);
    if (layer.pool !== null && !raw) builder.maxpool(poolWindow(layer.pool, builder.last));
  });
  const outputs = Object.keys(builder.tensors).slice(1);
  return builder.build(back(outputs, recipe.outputBack));
}

function addLayer(builder: NetworkBuilder, layer: LayerRecipe, raw: boolean): void {
  const input = back(Object.values(builder.tensors), layer.inputBack);
  const window = fitWindow(layer, input);
  const whole = [input.height, input.width] as const;
  const kernel =
    layer.kind === 'dense' ? denseKernel(input) : layer.kind === 'residual' ? ([3, 3] as const) : window.kernel;
  const requantized = requantizedLayer(layer, input, kernel, raw);
  if (layer.kind === 'maxpool') builder.maxpool({ ...window, input: input.name });
  else if (layer.kind === 'residual') addResidual(builder, layer, input, requantized);
  else if (layer.kind === 'dense') builder.conv({ ...requantized, kernel });
  else if (layer.kind === 'average') builder.conv({ ...requantized, ...window, ...average(input, window.kernel) });
  else if (layer.kind === 'global-average') builder.conv({ ...requantized, ...average(input, whole) });
  else builder.conv({ ...requantized, ...window, depthwise: layer.kind === 'depthwise' });
}

/** Accumulators of every machine in the tests hold this many bits. */
const ACC_LIMIT = 2 ** 27;

const mostOfTap = (input: CodeTensor, weightBits: number) => 2 ** (weightBits - 1) * (2 ** input.bits - 1);

/** The whole map, or one pixel where even weights of one bit would overflow. */
function denseKernel(input: CodeTensor): readonly [number, number] {
  const { height, width, channels } = input;
  return height * width * channels * mostOfTap(input, 1) < ACC_LIMIT ? [height, width] : [1, 1];
}

function requantizedLayer(layer: LayerRecipe, input: CodeTensor, kernel: readonly [number, number], raw: boolean) {
  const top = 2 ** layer.bits - 1;
  const taps = kernel[0] * kernel[1] * input.channels;
  const fitting = WEIGHT_BITS.filter((bits) => bits <= layer.weightBits && taps * mostOfTap(input, bits) < ACC_LIMIT);
  return {
    weightBits: fitting.at(-1)!,
    fill: layer.weights,
    bits: raw ? null : layer.bits,
    zero: zeroCode(layer.zero, layer.bits),
    round: layer.nearestEven ? ('nearest-even' as const) : ('floor' as const),
    channels: layer.channels,
    input: input.name,
    seed: layer.seed,
    ...(layer.clip && { requantize: { lo: Math.floor(top / 4), hi: top - Math.floor(top / 8) } }),
  };
}

/** A convolution that keeps its input's shape, plus any tensor of that shape, its own input included. */
function addResidual(
  builder: NetworkBuilder,
  layer: LayerRecipe,
  input: CodeTensor,
  requantized: ReturnType<typeof requantizedLayer>,
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

function average({ channels }: CodeTensor, kernel: readonly [number, number]) {
  const weights = Array.from({ length: channels * kernel[0] * kernel[1] }, () => 1);
  return { kernel, depthwise: true, weights, weightBits: 2, useful: false } as const;
}

function poolWindow({ kernel, gap, pads }: PoolRecipe, input: CodeTensor) {
  const strides = [kernel[0] + gap[0], kernel[1] + gap[1]] as const;
  return fitWindow({ kernel, strides, dilations: [1, 1], pads }, input);
}

/** The recipe's window, cut until it fits the map and every pad is smaller than the window. */
function fitWindow(window: Pick<LayerRecipe, 'kernel' | 'strides' | 'dilations' | 'pads'>, input: CodeTensor) {
  const axis = (i: 0 | 1, length: number) => {
    const wanted = window.kernel[i];
    const padded = length + Math.min(window.pads[i], wanted - 1) + Math.min(window.pads[i + 2]!, wanted - 1);
    const dilated = (wanted - 1) * window.dilations[i] + 1 <= padded;
    const kernel = dilated ? wanted : Math.min(wanted, length);
    const pads = [Math.min(window.pads[i], kernel - 1), Math.min(window.pads[i + 2]!, kernel - 1)] as const;
    return { kernel, dilation: dilated ? window.dilations[i] : 1, stride: window.strides[i], pads };
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
