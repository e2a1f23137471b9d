/** ConvTranspose: a convolution for each phase of the strides, and a map that they are woven into. */
import { rearranged } from '../fold/codes.js';
import { emitAffine, emitConv, imageValue } from '../import/emit.js';
import { imageOf } from '../import/image.js';
import { type FloatOperand, floatOperand, mapOperand, optionalFloats } from '../import/operands.js';
import { type Phase, phasesOf } from '../import/phases.js';
import { checkParts, emitArrange } from '../import/placement.js';
import { limit, mismatch } from '../import/refuse.js';
import { partOf } from '../import/state.js';
import { type TransposedAxes, transposedAxes } from '../import/transposed-axes.js';
import type { MapTensor, Value } from '../import/value.js';
import { CONV_ATTRIBUTES } from './conv.js';
import { type ImportCall, onnxOperator } from './operator.js';

export const CONV_TRANSPOSE = onnxOperator('ConvTranspose', {
  inputs: [2, 3],
  attributes: { ...CONV_ATTRIBUTES, output_padding: { type: 'ints' }, output_shape: { type: 'ints' } },
  import: importConvTranspose,
});

interface Layer {
  readonly input: MapTensor;
  readonly weights: FloatOperand;
  readonly axes: TransposedAxes;
  readonly outputs: number;
  readonly groups: number;
}

interface Woven {
  readonly y: Phase;
  readonly x: Phase;
}

function importConvTranspose(call: ImportCall): Value[] {
  const value = mapOperand(call, 0);
  const input = imageOf(call, value);
  const weights = floatOperand(call, 1, 'the weights');
  const bias = optionalFloats(call, 2, 'the biases')?.data ?? null;
  const rank = value.shape.length;
  const groups = call.attributes.int('group');
  const [inputs = 0, perGroup = 0, ...kernel] = weights.shape;
  if (weights.shape.length !== rank || inputs !== input.channels || groups < 1 || inputs % groups !== 0) {
    throw mismatch(call, 'channels, groups and weights do not go together', {
      expected: `${input.channels} input channels in groups`,
      actual: `${groups} groups, weights ${weights.shape.join('x')}`,
    });
  }
  const outputs = perGroup * groups;
  if (bias !== null && bias.length !== outputs) {
    throw mismatch(call, 'there is not one bias for each output channel', {
      expected: `${outputs}`,
      actual: `${bias.length}`,
    });
  }
  const axes = transposedAxes(call, input, kernel);
  const layer = { input, weights, axes, outputs, groups };
  checkParts(call, Math.min(axes.y.stride, axes.y.output) * Math.min(axes.x.stride, axes.x.output));
  const columns = phasesOf(axes.x);
  const phases = phasesOf(axes.y).flatMap((y) => columns.map((x): Woven => ({ y, x })));
  const [only] = phases;
  if (phases.length === 1 && isWhole(only!.y) && isWhole(only!.x)) {
    return [imageValue(emitPhase(call, layer, only!, bias), rank)];
  }
  return [weave(call, layer, phases, bias, rank)];
}

/** The convolution makes the outputs and no others. */
function isWhole({ taps, from, count, made }: Phase): boolean {
  return taps.length > 0 && from === 0 && count === made;
}

function weave(call: ImportCall, layer: Layer, all: readonly Woven[], bias: Float32Array | null, rank: number): Value {
  const phases = all.filter(({ y, x }) => y.taps.length > 0 && x.taps.length > 0);
  if (phases.length === 0) throw limit(call, 'no output depends on the input');
  // Where a phase has no taps its outputs are the bias alone: it is added to all of them afterwards.
  const isFull = phases.length === all.length;
  const parts = phases.map((phase, i) => {
    const part = partOf(call, `phase${i}`, i === 0 ? 'intermediate' : 'between');
    const { name } = emitPhase(part, layer, phase, isFull ? bias : null);
    const { y, x } = phase;
    return {
      input: name,
      from: { y: y.from, x: x.from, c: 0, yStep: 1, xStep: 1, cStep: 1 },
      to: { y: y.first, x: x.first, c: 0, yStep: layer.axes.y.stride, xStep: layer.axes.x.stride, cStep: 1 },
      size: [y.count, x.count, layer.outputs] as const,
    };
  });
  const size = { channels: layer.outputs, height: layer.axes.y.output, width: layer.axes.x.output, vector: false };
  const isLast = isFull || bias === null;
  const woven = partOf(call, 'woven', isLast ? 'output' : 'between');
  const value = imageValue(emitArrange(woven, parts, size, 0), rank);
  if (isLast) return value;
  const shift = { shape: [layer.outputs, ...value.shape.slice(2).map(() => 1)], data: bias };
  return emitAffine(partOf(call, 'bias', 'output'), value, null, shift);
}

function emitPhase(call: ImportCall, layer: Layer, { y, x }: Woven, bias: Float32Array | null): MapTensor {
  const { input, weights, outputs, groups } = layer;
  const window = {
    kernel: [y.taps.length, x.taps.length],
    strides: [1, 1],
    dilations: [y.dilation, x.dilation],
    pads: [y.pads[0], x.pads[0], y.pads[1], x.pads[1]],
  } as const;
  const output = { height: y.made, width: x.made };
  const placed = { window, output, padded: false, overhang: [0, 0] } as const;
  const from = tapsOf(layer, y, x);
  const taken = <T extends Float32Array | Int16Array>(all: T): T => {
    const result = new (all.constructor as new (length: number) => T)(from.length);
    for (let i = 0; i < from.length; i++) result[i] = all[from[i]!]!;
    return result;
  };
  const codes = weights.codes && rearranged(weights.codes, taken);
  return emitConv(call, input, placed, { weights: taken(weights.data), codes, outputs, bias, groups });
}

/** Indices in [Cin][Cout/groups][kh][kw] of the weights [Cout][Cin/groups][taps along y][taps along x]. */
function tapsOf({ input, axes, outputs, groups }: Layer, y: Phase, x: Phase): Int32Array {
  const [kh, kw] = [axes.y.kernel, axes.x.kernel];
  const [inputsEach, outputsEach] = [input.channels / groups, outputs / groups];
  const result = new Int32Array(outputs * inputsEach * y.taps.length * x.taps.length);
  let at = 0;
  for (let co = 0; co < outputs; co++) {
    const group = Math.floor(co / outputsEach);
    for (let i = 0; i < inputsEach; i++) {
      const kernel = ((group * inputsEach + i) * outputsEach + (co % outputsEach)) * kh * kw;
      for (const ky of y.taps) for (const kx of x.taps) result[at++] = kernel + ky * kw + kx;
    }
  }
  return result;
}
