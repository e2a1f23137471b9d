/** Constrained-random integer networks for fast-check: every recipe gives a valid network. */
import type fc from 'fast-check';
import type { CodeTensor, IntegerNetwork } from '../../src/quant/network.js';
import { NetworkBuilder } from './network-builder.js';
import { ARRANGE_KINDS, type ArrangeKind, arrangeOne, concat, interleave, roomBeside } from './random-arrange.js';
import { type LayerRecipe, type NetworkRecipe, type PoolRecipe, recipeArbitrary, WEIGHT_BITS } from './recipe.js';

export { byteRecipeArbitrary, type NetworkRecipe, recipeArbitrary } from './recipe.js';

/** What a machine that the network is for bears. */
interface Bounds {
  readonly mBits: number;
  readonly bBits: number;
  /** Absent: no tables. */
  readonly memory?: { readonly tableEntries: number };
}

export const networkArbitrary: fc.Arbitrary<IntegerNetwork> = recipeArbitrary.map((recipe) =>
  networkFromRecipe(recipe, { mBits: 34, bBits: 64, memory: { tableEntries: 1024 } }),
);

/** @param bounds of the narrowest machine the network is for */
export function networkFromRecipe(recipe: NetworkRecipe, bounds: Bounds = { mBits: 34, bBits: 64 }): IntegerNetwork {
  const { height, width, channels, bits, zero } = recipe;
  const first = { height, width, channels, bits, zero: zeroCode(zero, bits) };
  const builder = new NetworkBuilder(first, 1, bounds);
  for (const { alike, ...other } of recipe.inputs) {
    builder.input({ ...other, ...(alike && { height, width, channels }), zero: zeroCode(other.zero, other.bits) });
  }
  const tables = (bounds.memory?.tableEntries ?? 0) > 0;
  const layers = recipe.layers.map((layer) => (tables ? layer : { ...layer, table: 0 }));
  layers.forEach((layer, i) => {
    const raw = recipe.raw && i === layers.length - 1 && recipe.outputBack === 0 && mayBeRaw(layer);
    addLayer(builder, layer, raw);
    if (layer.pool !== null && !raw) builder.maxpool(poolWindow(layer.pool, builder.last));
  });
  const made = Object.keys(builder.tensors).slice(builder.inputs.length);
  const wanted = new Set([recipe.outputBack, ...recipe.moreOutputs].map((steps) => back(made, steps)));
  return builder.build(...made.filter((name) => wanted.has(name)));
}

const mayBeRaw = ({ kind }: LayerRecipe) => !isArrange(kind) && kind !== 'mul' && kind !== 'mul-pixel';

function isArrange(kind: LayerRecipe['kind']): kind is ArrangeKind {
  return ARRANGE_KINDS.some((one) => one === kind);
}

function addLayer(builder: NetworkBuilder, layer: LayerRecipe, raw: boolean): void {
  const input = back(Object.values(builder.tensors), layer.inputBack);
  if (isArrange(layer.kind)) addArrange(builder, layer, layer.kind, input);
  else addWindowed(builder, layer, input, raw);
}

function addWindowed(builder: NetworkBuilder, layer: LayerRecipe, input: CodeTensor, raw: boolean): void {
  const window = fitWindow(layer, input);
  const whole = [input.height, input.width] as const;
  const kernel =
    layer.kind === 'dense' ? denseKernel(input) : layer.kind === 'residual' ? ([3, 3] as const) : window.kernel;
  const requantized = requantizedLayer(layer, input, kernel, raw);
  if (layer.kind === 'maxpool') builder.maxpool({ ...window, input: input.name });
  else if (layer.kind === 'residual') addResidual(builder, layer, input, requantized);
  else if (layer.kind === 'mul' || layer.kind === 'mul-pixel') addProduct(builder, layer, input);
  else if (layer.kind === 'dense') builder.conv({ ...requantized, kernel });
  else if (layer.kind === 'average') builder.conv({ ...requantized, ...window, ...average(input, window.kernel) });
  else if (layer.kind === 'global-average') builder.conv({ ...requantized, ...average(input, whole) });
  else builder.conv({ ...requantized, ...window, depthwise: layer.kind === 'depthwise' });
}

/** A map like the input, made of it by one tap a channel. */
function sibling(builder: NetworkBuilder, layer: LayerRecipe, input: CodeTensor, bits: number, channels: number) {
  const weightBits = mostOfTap(input, 8) * input.channels < ACC_LIMIT ? 8 : 1;
  builder.conv({
    ...{ kernel: [1, 1], channels, bits, weightBits, input: input.name, seed: layer.seed },
    zero: bits === input.bits ? input.zero : zeroCode(layer.zero, bits),
  });
  return builder.last;
}

function addArrange(builder: NetworkBuilder, layer: LayerRecipe, kind: ArrangeKind, input: CodeTensor): void {
  const fill = layer.clip ? input.zero : Math.floor((2 ** input.bits - 1) / (1 + (layer.seed % 4)));
  const one = arrangeOne(kind, input, { ...layer, fill });
  if (one !== undefined) {
    builder.arrange(one);
    return;
  }
  const axis = (layer.seed % 5) as 0 | 1 | 2;
  const sideways = kind === 'concat' && axis < 2 && Math.max(input.height, input.width) <= 9;
  const channels =
    sideways || kind === 'interleave' ? input.channels : Math.min(layer.channels, roomBeside(input.channels));
  const made = sibling(builder, layer, input, input.bits, channels);
  const maps = layer.seed % 3 === 0 ? [input, made] : [made, input];
  builder.arrange(kind === 'interleave' ? interleave(maps) : concat(maps, sideways ? axis : 2));
}

/** Products of every machine in the tests fit these bits. */
const PRODUCT_BITS = 26;

function addProduct(builder: NetworkBuilder, layer: LayerRecipe, input: CodeTensor): void {
  const most = PRODUCT_BITS - input.bits;
  const fits = (map: CodeTensor) =>
    map.channels === input.channels &&
    map.bits <= most &&
    (layer.kind === 'mul' ? map.height === input.height && map.width === input.width : map.height * map.width === 1);
  const alike = Object.values(builder.tensors).filter(fits);
  const usable = layer.seed % 2 === 0 && alike.length > 0;
  const other = usable ? back(alike, layer.residualBack) : factor(builder, layer, input, Math.min(layer.bits, most));
  builder.mul({
    inputs: [input.name, other.name],
    bits: layer.bits,
    zero: zeroCode(layer.zero, layer.bits),
    round: layer.nearestEven ? 'nearest-even' : 'floor',
    seed: layer.seed,
    ...tableOf(layer),
  });
}

function factor(builder: NetworkBuilder, layer: LayerRecipe, input: CodeTensor, bits: number): CodeTensor {
  if (layer.kind === 'mul') return sibling(builder, layer, input, bits, input.channels);
  return pixelOf(builder, layer, input, bits);
}

/** One pixel of the input's channels: its average. */
function pixelOf(builder: NetworkBuilder, layer: LayerRecipe, input: CodeTensor, bits: number): CodeTensor {
  const whole = average(input, [input.height, input.width]);
  builder.conv({ ...whole, channels: input.channels, bits, zero: zeroCode(layer.zero, bits), input: input.name });
  return builder.last;
}

const tableOf = ({ table }: LayerRecipe) => (table > 0 ? { table } : {});

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
    ...tableOf(layer),
    ...(layer.clip && layer.table === 0 && { requantize: { lo: Math.floor(top / 4), hi: top - Math.floor(top / 8) } }),
  };
}

/** A convolution that keeps its input's shape, plus any tensor of that shape or of one pixel, its own input included. */
function addResidual(
  builder: NetworkBuilder,
  layer: LayerRecipe,
  input: CodeTensor,
  requantized: ReturnType<typeof requantizedLayer>,
): void {
  const alike = Object.values(builder.tensors).filter(
    ({ height, width, channels }) =>
      channels === input.channels &&
      ((height === input.height && width === input.width) || (height === 1 && width === 1)),
  );
  const added = layer.seed % 8 === 1 ? pixelOf(builder, layer, input, input.bits) : back(alike, layer.residualBack);
  const odd = (size: number) => (size >= 3 ? 3 : 1);
  const kernel = [odd(layer.kernel[0]), odd(layer.kernel[1])] as const;
  const pads = [(kernel[0] - 1) / 2, (kernel[1] - 1) / 2] as const;
  builder.conv({
    ...requantized,
    channels: input.channels,
    kernel,
    pads: [...pads, ...pads],
    depthwise: layer.channels % 3 === 0,
    ...(requantized.bits === null ? {} : { residual: added.name }),
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
