/** Which layers the depthwise unit computes, and how. */
import type { CodeTensor } from '../../../quant/network.js';
import type { Machine } from '../../machine.js';
import type { UNIT_OPS } from '../../program/records.js';
import type { ArrayLayer, LoweredNetwork } from '../array-layer.js';
import { pitchesOf } from '../views.js';

export interface UnitShape {
  readonly op: keyof typeof UNIT_OPS;
  readonly window: UnitWindow;
  /** Kernel columns at once; otherwise tap by tap, one output after the other. */
  readonly chain: boolean;
  /** Two pixels of half as many channels as lanes at once. */
  readonly pair: boolean;
  /** Columns of a row that are read, or outputs. */
  readonly columns: number;
  /** One kernel for all channels, all its weights alike. */
  readonly alike: boolean;
}

/** A convolution's kernel, or a pool's. */
type UnitWindow = Pick<ArrayLayer, 'kernel' | 'strides' | 'dilations' | 'padTop' | 'padLeft'>;

/** Steps of the array: for the layer, and for the one before it, beside which the unit works row by row. */
export interface ArraySteps {
  readonly steps: number;
  readonly before: number;
}

/** Codes and weights of the unit's multipliers. */
const BITS = 8;
/** Kernel columns of which the unit keeps the largest codes. */
const MAX_COLUMNS = 3;
/** Loop counters have 16 bits, coordinates 18 with their sign. */
const MOST = 2 ** 16 - 1;

/**
 * null for a layer that the array computes: the unit has no residual, table, product or stream, and codes and weights of 8 bits.
 * What it can only compute tap by tap it takes where the array would need more steps for it; what it needs no multipliers for,
 * where the frame gets shorter by it.
 */
export function unitShape(
  layer: ArrayLayer,
  { tensors, views, layouts }: LoweredNetwork,
  machine: Machine,
  array: ArraySteps,
): UnitShape | null {
  const input = tensors[layer.input]!;
  const output = tensors[layer.output]!;
  if (machine.depthwise === null || !isPlain(layer) || !fitsBits(layer, input, output)) return null;
  // What lies in another tensor is complete with POST's last part of it; a stored border would move the rows.
  if (views.has(layer.output) || layouts.has(layer.input)) return null;
  const { lanes, depthwise } = machine;
  const window = layer.pool ?? layer;
  const [kh, kw] = window.kernel;
  const isMax = layer.pool !== null;
  const atOnce = isMax ? MAX_COLUMNS : depthwise.taps;
  const inChain = kw + (output.width - 1) * window.strides[1];
  const chain = kw <= atOnce && window.dilations[1] === 1 && (!isMax || (kw > 1 && inChain < output.width * kw));
  const op = isMax ? 'max' : depthwise.taps > 0 ? 'products' : 'sum';
  if (op === 'sum' && layer.weights.some((weight) => weight !== 1)) return null;
  const pair =
    op === 'products' &&
    chain &&
    isPair(layer, input, output, machine) &&
    pitchesOf(input.name, tensors, views, layouts).pixelPitch === input.channels;
  const columns = pair ? output.width / 2 + 1 : chain ? inChain : output.width;
  const reads = output.height * Math.ceil(output.channels / lanes) * columns * kh * (chain ? 1 : kw);
  const reach = [output.height * window.strides[0] + kh * window.dilations[0], inChain + kw * window.dilations[1]];
  if ([columns, input.width, input.height, ...reach].some((count) => count > MOST)) return null;
  // Its first row is there when the layer before makes later ones; its last one is on top.
  const longer = Math.max(0, reads - array.before) + reads / output.height;
  if (op === 'products' ? !chain && reads >= array.steps : longer >= array.steps) return null;
  return { op, window, chain, pair, columns, alike: layer.weights.every((weight) => weight === layer.weights[0]) };
}

/** Three columns of a kernel meet a pair of pixels: of the outputs that it begins and of those that it ends. */
function isPair({ strides, kernel }: ArrayLayer, input: CodeTensor, output: CodeTensor, machine: Machine): boolean {
  const three = machine.depthwise!.taps >= 3 && kernel[1] <= 3;
  return three && strides[1] === 1 && 2 * input.channels === machine.lanes && output.width % 2 === 0;
}

/** A max pool's convolution hands codes on, unmasked: one behind another convolution is that layer's. */
function isPlain({ sources, depthwise, blank, pool, product, toStream, requantize }: ArrayLayer): boolean {
  const alone = pool === null || !pool.masked;
  const computes = sources.length > 0 && depthwise && !blank && alone && product === null && !toStream;
  return computes && requantize !== null && requantize.residual === null && requantize.table === undefined;
}

function fitsBits({ weightBits, requantize, padCode }: ArrayLayer, input: CodeTensor, output: CodeTensor): boolean {
  const codes = [input.bits, output.bits, weightBits].every((bits) => bits <= BITS);
  return codes && requantize!.hi < 2 ** BITS && padCode < 2 ** BITS;
}
