/** Which layers the depthwise unit computes, and how. */
import type { CodeTensor } from '../../../quant/network.js';
import type { Machine } from '../../machine.js';
import type { ArrayLayer, LoweredNetwork } from '../array-layer.js';
import { pitchesOf } from '../views.js';

export interface UnitShape {
  /** Kernel columns at once; otherwise tap by tap, one output after the other. */
  readonly chain: boolean;
  /** Two pixels of half as many channels as lanes at once. */
  readonly pair: boolean;
  /** Columns of a row that are read, or outputs. */
  readonly columns: number;
  /** One kernel for all channels, all its weights alike. */
  readonly alike: boolean;
  /** Reads of one frame: the least cycles it takes. */
  readonly reads: number;
}

/** Codes and weights of the unit's multipliers. */
const BITS = 8;
/** Loop counters have 16 bits, coordinates 18 with their sign. */
const MOST = 2 ** 16 - 1;

/**
 * null for a layer that the array computes: the unit has no residual, table, pool or stream, and codes and weights of 8 bits.
 * What it can only compute tap by tap it takes where the array would need more steps for it.
 * @param steps of the array
 */
export function unitShape(
  layer: ArrayLayer,
  { tensors, views, layouts }: LoweredNetwork,
  machine: Machine,
  steps: number,
): UnitShape | null {
  const input = tensors[layer.input]!;
  const output = tensors[layer.output]!;
  if (machine.depthwise === null || !isPlain(layer) || !fitsBits(layer, input, output)) return null;
  // What lies in another tensor is complete with POST's last part of it; a stored border would move the rows.
  if (views.has(layer.output) || layouts.has(layer.input)) return null;
  const { lanes, depthwise } = machine;
  const [kh, kw] = layer.kernel;
  const chain = kw <= depthwise.taps && layer.dilations[1] === 1;
  const pair =
    chain &&
    isPair(layer, input, output, machine) &&
    pitchesOf(input.name, tensors, views, layouts).pixelPitch === input.channels;
  const columns = pair ? output.width / 2 + 1 : chain ? kw + (output.width - 1) * layer.strides[1] : output.width;
  const groups = Math.ceil(output.channels / lanes);
  const reads = output.height * groups * columns * kh * (chain ? 1 : kw);
  const reach = [output.height * layer.strides[0] + kh * layer.dilations[0], columns + kw * layer.dilations[1]];
  if ([columns, input.width, input.height, ...reach].some((count) => count > MOST)) return null;
  if (!chain && reads >= steps) return null;
  return { chain, pair, columns, alike: layer.weights.every((weight) => weight === layer.weights[0]), reads };
}

/** Three columns of a kernel meet a pair of pixels: of the outputs that it begins and of those that it ends. */
function isPair({ strides, kernel }: ArrayLayer, input: CodeTensor, output: CodeTensor, machine: Machine): boolean {
  const three = machine.depthwise!.taps >= 3 && kernel[1] <= 3;
  return three && strides[1] === 1 && 2 * input.channels === machine.lanes && output.width % 2 === 0;
}

function isPlain({ sources, depthwise, blank, pool, product, toStream, requantize }: ArrayLayer): boolean {
  const computes = sources.length > 0 && depthwise && !blank && pool === null && product === null && !toStream;
  return computes && requantize !== null && requantize.residual === null && requantize.table === undefined;
}

function fitsBits({ weightBits, requantize, padCode }: ArrayLayer, input: CodeTensor, output: CodeTensor): boolean {
  const codes = [input.bits, output.bits, weightBits].every((bits) => bits <= BITS);
  return codes && requantize!.hi < 2 ** BITS && padCode < 2 ** BITS;
}
