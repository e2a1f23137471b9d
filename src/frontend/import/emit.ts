/** Appends nodes to the graph. Every function gives the value of the new tensor. */
import type { BatchNorm, Clamp, Quantizer, WeightCodes, Window2d } from '../graph.js';
import type { ValueCodes } from '../onnx/model.js';
import type { ImportCall } from '../operators/operator.js';
import { type Broadcast, perChannel, shapeWith } from './per-channel.js';
import { limit, placeOf } from './refuse.js';
import { countWeights, filled, isProbed, naturalValue, newTensor, reserve } from './state.js';
import { type MapTensor, type MapValue, shapeOf } from './value.js';

export const OPEN: Clamp = { min: null, max: null };

/** Name, sources and output of the node that the call makes. */
export function base(call: Pick<ImportCall, 'node' | 'source'>): { name: string; sources: string[]; output: string } {
  return { name: call.node.name, sources: [call.source ?? call.node.name], output: call.node.outputs[0]! };
}

/**
 * clamp(value * scale + shift); null is 1 and 0.
 * @param origin where scale and shift come from, each of the same shape
 */
export function emitAffine(
  call: ImportCall,
  value: MapValue,
  scale: Broadcast | null,
  shift: Broadcast | null,
  clamp: Clamp = OPEN,
  origin: { readonly norm?: BatchNorm; readonly divisor?: Float32Array } = {},
): MapValue {
  const { state } = call;
  const { tensor } = value;
  let { shape } = value;
  for (const constant of [scale, shift]) if (constant) shape = shapeWith(call, { ...value, shape }, constant);
  if (isProbed(state, tensor)) return { ...value, shape };
  const channelwise = (constant: Broadcast | null, otherwise: 0 | 1): Float32Array => {
    if (constant === null) return filled(state, tensor.channels, otherwise);
    // The constant too: a large one that many nodes read costs time, not memory.
    reserve(state, constant.data.byteLength + tensor.channels * Float32Array.BYTES_PER_ELEMENT, placeOf(call.node));
    return perChannel(call, value, shape, constant);
  };
  const { norm, divisor } = origin;
  const like = (data: Float32Array): Float32Array => channelwise({ ...scale!, data }, 1);
  const node = {
    kind: 'affine',
    ...base(call),
    input: tensor.name,
    scale: channelwise(scale, 1),
    shift: channelwise(shift, 0),
    ...(norm === undefined ? {} : { norm: normPerChannel(norm, like) }),
    ...(divisor === undefined ? {} : { divisor: like(divisor) }),
    clamp,
  } as const;
  const made = newTensor(state, call.node, tensor);
  state.nodes.push(node);
  return { kind: 'map', shape, tensor: made, atoms: value.atoms };
}

/** In the order of the channels of the map. */
function normPerChannel(norm: BatchNorm, channelwise: (data: Float32Array) => Float32Array): BatchNorm {
  const { gain, bias, mean, variance, epsilon } = norm;
  return {
    gain: channelwise(gain),
    bias: channelwise(bias),
    mean: channelwise(mean),
    variance: channelwise(variance),
    epsilon,
  };
}

export interface ConvConstants {
  /** [Cout][Cin/groups][kh][kw] */
  readonly weights: Float32Array;
  readonly outputs: number;
  readonly codes?: ValueCodes | undefined;
  /** [Cout]; null: zeros. */
  readonly bias: Float32Array | null;
  readonly groups: number;
}

export function emitConv(
  call: ImportCall,
  input: MapTensor,
  window: PlacedWindow,
  constants: ConvConstants,
): MapTensor {
  const { weights, outputs, groups } = constants;
  const { height, width } = window.output;
  countWeights(call.state, call.node, weights);
  const made = newTensor(call.state, call.node, { channels: outputs, height, width, vector: false });
  const source = input.padding?.tensor ?? input;
  call.state.nodes.push({
    kind: 'conv',
    ...base(call),
    ...window.window,
    input: source.name,
    groups,
    weights: { shape: [outputs, source.channels / groups, ...window.window.kernel], data: weights },
    ...codesOf(call, constants.codes, outputs),
    bias: { shape: [outputs], data: constants.bias ?? new Float32Array(outputs) },
    clamp: OPEN,
  });
  return made;
}

/** A window, its pads those of a Pad before it included, and the map it makes. */
export interface PlacedWindow {
  readonly window: Window2d;
  readonly output: { readonly height: number; readonly width: number };
  /** It has pads of its own. */
  readonly padded: boolean;
  /** Rows and columns of the last windows beyond all pads: ceil_mode. */
  readonly overhang: readonly [number, number];
}

/** @param weights [outputs][values of the input in NCHW order] */
export function emitDense(
  call: ImportCall,
  input: MapTensor,
  weights: Float32Array,
  outputs: number,
  bias: Float32Array | null,
  codes?: ValueCodes,
): MapTensor {
  countWeights(call.state, call.node, weights);
  const made = newTensor(call.state, call.node, { channels: outputs, height: 1, width: 1, vector: true });
  call.state.nodes.push({
    kind: 'dense',
    ...base(call),
    input: input.name,
    weights: { shape: [outputs, input.channels * input.height * input.width], data: weights },
    ...codesOf(call, codes, outputs),
    bias: { shape: [outputs], data: bias ?? new Float32Array(outputs) },
    clamp: OPEN,
  });
  return made;
}

/** Scales of values as scales of outputs. @throws SystoleError operator-limit where they differ within one */
function codesOf(call: ImportCall, codes: ValueCodes | undefined, outputs: number): { codes?: WeightCodes } {
  if (codes === undefined) return {};
  const { values, scale: all, bits, bipolar } = codes;
  if (all.length === 1) return { codes: { values, scale: all, bits, bipolar } };
  const perOutput = all.length / outputs;
  const scale = Float32Array.from({ length: outputs }, (_, o) => all[o * perOutput]!);
  for (const [i, s] of all.entries()) {
    if (s === scale[Math.floor(i / perOutput)]) continue;
    throw limit(call, 'the scale of quantized weights changes within an output channel', {
      expected: 'one scale for each output channel',
      hint: 'quantize weights per tensor, or per output channel',
    });
  }
  return { codes: { values, scale, bits, bipolar } };
}

/** The value on the quantizer's grid. */
export function emitQuant(call: ImportCall, value: MapValue, quantizer: Quantizer): MapValue {
  const { state } = call;
  if (isProbed(state, value.tensor)) return value;
  const made = newTensor(state, call.node, value.tensor);
  state.nodes.push({ kind: 'quant', ...base(call), input: value.tensor.name, quantizer });
  return { kind: 'map', shape: value.shape, tensor: made, atoms: value.atoms };
}

export function emitPool(
  call: ImportCall,
  kind: 'maxpool' | 'averagepool',
  input: MapTensor,
  placed: PlacedWindow,
  border?: 'excluded',
): MapTensor {
  const { height, width } = placed.output;
  const made = newTensor(call.state, call.node, { channels: input.channels, height, width, vector: false });
  const common = { ...base(call), ...placed.window, input: (input.padding?.tensor ?? input).name };
  const average = { ...common, ...(border === undefined ? {} : { border }), clamp: OPEN };
  call.state.nodes.push(kind === 'maxpool' ? { kind, ...common } : { kind, ...average });
  return made;
}

/** The value of a tensor made from a value of [1, C, H, W] or [1, C, L], of the same rank. */
export function imageValue(tensor: MapTensor, rank: number): MapValue {
  const shape = shapeOf({ ...tensor, vector: false });
  return naturalValue(tensor, rank === shape.length ? shape : [1, tensor.channels, tensor.width]);
}
