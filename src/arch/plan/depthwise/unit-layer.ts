/** Which layers the depthwise unit computes, and how. */
import type { CodeTensor } from '../../../quant/network.js';
import type { Machine } from '../../machine.js';
import type { ArrayLayer, LoweredNetwork } from '../array-layer.js';

export interface UnitShape {
  /** Kernel columns at once; otherwise tap by tap, one output after the other. */
  readonly chain: boolean;
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
  const columns = chain ? kw + (output.width - 1) * layer.strides[1] : output.width;
  const groups = Math.ceil(output.channels / lanes);
  const reads = output.height * groups * columns * kh * (chain ? 1 : kw);
  const reach = [output.height * layer.strides[0] + kh * layer.dilations[0], columns + kw * layer.dilations[1]];
  if ([columns, input.width, input.height, ...reach].some((count) => count > MOST)) return null;
  if (!chain && reads >= steps) return null;
  return { chain, columns, alike: layer.weights.every((weight) => weight === layer.weights[0]), reads };
}

function isPlain({ sources, depthwise, blank, pool, product, toStream, requantize }: ArrayLayer): boolean {
  const computes = sources.length > 0 && depthwise && !blank && pool === null && product === null && !toStream;
  return computes && requantize !== null && requantize.residual === null && requantize.table === undefined;
}

function fitsBits({ weightBits, requantize, padCode }: ArrayLayer, input: CodeTensor, output: CodeTensor): boolean {
  const codes = [input.bits, output.bits, weightBits].every((bits) => bits <= BITS);
  return codes && requantize!.hi < 2 ** BITS && padCode < 2 ** BITS;
}
