/** What the host computes at the two ends, in float32, operation by operation. */
import { SystoleError } from '../base/error.js';
import type { Constant } from '../frontend/graph.js';
import { rounded } from '../frontend/quantizer.js';
import { toGraphInput } from '../frontend/transpose.js';
import { elementsOf } from './frame.js';
import { roundHalfEven } from './host/elementwise.js';
import { runSteps } from './host/run-steps.js';
import type { CodeTensor, InputAffine, InputQuantizer, IntegerNetwork, NetworkInput, OutputTensor } from './network.js';

/** The model's only input, or all of them by name. */
export type ModelInputs = Float32Array | Readonly<Record<string, Float32Array>>;

/**
 * The model's inputs (float32, each in its own layout) as codes, NHWC, one after the other: by the model's own quantizer, else
 * clamp(roundHalfEven(x / scale) + zero).
 * @throws SystoleError data-shape for another number of values, or of inputs, data-type for NaN.
 */
export function inputCodes(network: IntegerNetwork, values: ModelInputs): Uint16Array {
  const parts = network.inputs.map((input) => codesOfInput(network, input, valuesOf(network, input, values)));
  const codes = new Uint16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    codes.set(part, at);
    at += part.length;
  }
  return codes;
}

function valuesOf(network: IntegerNetwork, { modelName }: NetworkInput, values: ModelInputs): Float32Array {
  const names = network.inputs.map((input) => input.modelName);
  const wrong = (actual: string): SystoleError =>
    new SystoleError('data-shape', 'the inputs are not those of the model', {
      where: network.name,
      expected: names.join(', '),
      actual,
    });
  if (values instanceof Float32Array) {
    if (names.length > 1) throw wrong('one array without a name');
    return values;
  }
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  if (unknown !== undefined) throw wrong(unknown);
  const own = values[modelName];
  if (own === undefined) throw wrong(`no ${modelName}`);
  return own;
}

function codesOfInput(network: IntegerNetwork, input: NetworkInput, values: Float32Array): Uint16Array {
  const tensor = network.tensors[input.tensor]!;
  const size = elementsOf(tensor);
  if (values.length !== size) {
    throw new SystoleError('data-shape', 'an input has the wrong size', {
      where: input.modelName,
      expected: `${size} values (${input.shape.join('x')})`,
      actual: `${values.length}`,
    });
  }
  if (values.some(Number.isNaN)) {
    throw new SystoleError('data-type', 'an input holds NaN', { where: input.modelName });
  }
  const real = toGraphInput(input.layout, values);
  return input.quantizer === undefined ? quantizeMap(tensor, real) : ownCodes(tensor, input.quantizer, real);
}

/** Values in NCHW order as codes, NHWC. */
function ownCodes(tensor: CodeTensor, quantizer: InputQuantizer, real: Float32Array): Uint16Array {
  const pixels = tensor.height * tensor.width;
  const codes = new Uint16Array(real.length);
  for (let c = 0; c < tensor.channels; c++) {
    const own = { scale: ofChannel(quantizer.scale, c), zero: ofChannel(quantizer.zero, c) };
    for (let p = 0; p < pixels; p++) {
      let x = real[c * pixels + p]!;
      for (const affine of quantizer.before) x = applyAffine(affine, c, x);
      codes[p * tensor.channels + c] = quantizer.step * (codeOn({ ...quantizer, ...own }, x) - quantizer.base);
    }
  }
  return codes;
}

function applyAffine({ scale, divides, shift, min, max }: InputAffine, c: number, x: number): number {
  const by = ofChannel(scale, c);
  const y = Math.fround(Math.fround(divides ? x / by : x * by) + ofChannel(shift, c));
  return Math.min(max ?? Number.POSITIVE_INFINITY, Math.max(min ?? Number.NEGATIVE_INFINITY, y));
}

function ofChannel(values: readonly number[], c: number): number {
  return values[values.length === 1 ? 0 : c]!;
}

function codeOn(q: Omit<InputQuantizer, 'scale' | 'zero'> & { scale: number; zero: number }, x: number): number {
  const steps = Math.fround(x / q.scale);
  const code = q.zeroInside ? rounded(q.round, Math.fround(steps + q.zero)) : rounded(q.round, steps) + q.zero;
  return Math.min(q.hi, Math.max(q.lo, code));
}

/** Values in NCHW order as codes, NHWC: clamp(roundHalfEven(x / scale) + zero). */
export function quantizeMap(tensor: CodeTensor, real: Float32Array): Uint16Array {
  const pixels = tensor.height * tensor.width;
  const top = 2 ** tensor.bits - 1;
  const codes = new Uint16Array(real.length);
  for (let c = 0; c < tensor.channels; c++) {
    for (let p = 0; p < pixels; p++) {
      const rounded = roundHalfEven(Math.fround(real[c * pixels + p]! / tensor.scale)) + tensor.zero;
      codes[p * tensor.channels + c] = Math.min(top, Math.max(0, rounded));
    }
  }
  return codes;
}

/**
 * What leaves the machine (codes or accumulators, NHWC, all outputs one after the other) as the model's own outputs by name,
 * float32, each in its own layout.
 */
export function modelOutputs(network: IntegerNetwork, raw: ArrayLike<number>): Map<string, Float32Array> {
  const values = new Map<string, Constant>();
  let at = 0;
  for (const output of network.outputs) {
    const tensor = network.tensors[output.tensor]!;
    values.set(output.name, { shape: output.shape, data: realMap(tensor, output, raw, at) });
    at += elementsOf(tensor);
  }
  runSteps(network.host, values);
  return new Map(network.modelOutputs.map(({ name, value }) => [name, values.get(value)!.data]));
}

/** The first of the model's outputs. */
export function modelOutput(network: IntegerNetwork, raw: ArrayLike<number>): Float32Array {
  return modelOutputs(network, raw).get(network.modelOutputs[0]!.name)!;
}

/** NHWC from `at` on -> NCHW. */
function realMap(tensor: CodeTensor, output: OutputTensor, raw: ArrayLike<number>, at: number): Float32Array {
  const { height, width, channels, zero } = tensor;
  const pixels = height * width;
  const values = new Float32Array(pixels * channels);
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < pixels; p++) values[c * pixels + p] = realValue(output, raw[at + p * channels + c]!, c, zero);
  }
  return values;
}

function realValue(stage: OutputTensor, raw: number, channel: number, zero: number): number {
  if (stage.form === 'codes') return Math.fround(stage.scale[0]! * (raw - zero));
  const sum = Math.fround(raw - (stage.offset?.[channel] ?? 0));
  return Math.fround(Math.fround(sum * stage.scale[channel]!) + stage.bias[channel]!);
}
