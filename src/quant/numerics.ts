/** What the host computes at the two ends, in float32, operation by operation. */
import { SystoleError } from '../base/error.js';
import { transpose } from '../base/transpose.js';
import type { EpilogueStep } from '../frontend/graph.js';
import { quantizedValue, rounded } from '../frontend/quantizer.js';
import { toGraphInput } from '../frontend/transpose.js';
import type { CodeTensor, InputAffine, InputQuantizer, IntegerNetwork, OutputStage } from './network.js';

/**
 * The model's input (float32, its own layout) as codes, NHWC: by the model's own quantizer, else
 * clamp(roundHalfEven(x / scale) + zero).
 * @throws SystoleError data-shape for another number of values, data-type for NaN.
 */
export function inputCodes(network: IntegerNetwork, values: Float32Array): Uint16Array {
  const tensor = network.tensors[network.input.tensor]!;
  const pixels = tensor.height * tensor.width;
  if (values.length !== pixels * tensor.channels) {
    throw new SystoleError('data-shape', 'an input has the wrong size', {
      where: network.input.modelName,
      expected: `${pixels * tensor.channels} values (${network.input.shape.join('x')})`,
      actual: `${values.length}`,
    });
  }
  if (values.some(Number.isNaN)) {
    throw new SystoleError('data-type', 'an input holds NaN', { where: network.input.modelName });
  }
  const real = toGraphInput(network.input.layout, values);
  const { quantizer } = network.input;
  return quantizer === undefined ? quantizeMap(tensor, real) : ownCodes(tensor, quantizer, real);
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

function applyAffine({ scale, shift, min, max }: InputAffine, c: number, x: number): number {
  const y = Math.fround(Math.fround(x * ofChannel(scale, c)) + ofChannel(shift, c));
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

/** What leaves the machine (NHWC codes or accumulators) as the model's own output, float32 in its own layout. */
export function modelOutput(network: IntegerNetwork, raw: ArrayLike<number>): Float32Array {
  const stage = network.output;
  const { height, width, channels, zero } = network.tensors[stage.tensor]!;
  const pixels = height * width;
  let values = new Float32Array(raw.length);
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < pixels; p++) {
      values[c * pixels + p] = realValue(stage, raw[p * channels + c]!, c, zero);
    }
  }
  let shape = stage.shape;
  for (const step of stage.steps) {
    const next = applyStep(step, values, shape);
    values = next.values;
    shape = next.shape;
  }
  return values;
}

export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function realValue(stage: OutputStage, raw: number, channel: number, zero: number): number {
  if (stage.form === 'codes') return Math.fround(stage.scale[0]! * (raw - zero));
  const sum = Math.fround(raw - (stage.offset?.[channel] ?? 0));
  return Math.fround(Math.fround(sum * stage.scale[channel]!) + stage.bias[channel]!);
}

interface Shaped {
  readonly values: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

function applyStep(step: EpilogueStep, values: Float32Array<ArrayBuffer>, shape: readonly number[]): Shaped {
  switch (step.kind) {
    case 'reshape':
      return { values, shape: step.shape };
    case 'transpose':
      return {
        values: transpose(values, shape, step.permutation) as Float32Array<ArrayBuffer>,
        shape: step.permutation.map((axis) => shape[axis]!),
      };
    case 'sigmoid':
      return { values: values.map(sigmoid), shape };
    case 'quantize':
      return { values: values.map((x) => quantizedValue(step.quantizer, 0, x)), shape };
    case 'softmax':
      return { values: alongAxis(values, shape, step.axis, softmax), shape };
    case 'argmax': {
      const axis = (step.axis + shape.length) % shape.length;
      const kept = step.keepdims ? shape.with(axis, 1) : shape.toSpliced(axis, 1);
      return { values: alongAxis(values, shape, step.axis, (line) => Float32Array.of(argmax(line))), shape: kept };
    }
  }
}

/** Applies f to every line along one axis; all results have one length. */
function alongAxis(
  values: Float32Array,
  shape: readonly number[],
  axis: number,
  f: (line: Float32Array) => Float32Array,
): Float32Array<ArrayBuffer> {
  const at = (axis + shape.length) % shape.length;
  const length = shape[at] ?? 1;
  const inner = shape.slice(at + 1).reduce((a, b) => a * b, 1);
  const outer = values.length / length / inner;
  let out = new Float32Array(0);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const line = Float32Array.from({ length }, (_, k) => values[(o * length + k) * inner + i]!);
      const result = f(line);
      if (out.length === 0) out = new Float32Array(outer * result.length * inner);
      result.forEach((v, k) => {
        out[(o * result.length + k) * inner + i] = v;
      });
    }
  }
  return out;
}

function sigmoid(x: number): number {
  return Math.fround(1 / Math.fround(1 + Math.fround(Math.exp(-x))));
}

function softmax(line: Float32Array): Float32Array {
  const most = line.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = line.map((x) => Math.fround(Math.exp(Math.fround(x - most))));
  const sum = powers.reduce((a, b) => Math.fround(a + b), 0);
  return powers.map((p) => Math.fround(p / sum));
}

/** The first index of the largest value. */
export function argmax(line: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < line.length; i++) if (line[i]! > line[best]!) best = i;
  return best;
}
