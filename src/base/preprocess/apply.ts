import { transpose as permuted } from '../transpose.js';
import { linearTaps, nearestTaps, resample } from './resize.js';
import { type Preprocess, type PreprocessStep, refused } from './steps.js';

/** A sample without its batch dimension, row major. */
export interface Sample {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/**
 * Applies the steps to one sample.
 * @param where the preprocess file, for messages
 * @throws SystoleError preprocess-invalid for a step that does not fit the shape it gets
 */
export function applyPreprocess(steps: Preprocess, sample: Sample, where: string): Sample {
  return steps.reduce((current, step, i) => {
    const fail = (why: string) => refused(where, i, step, `${why}; the sample is ${current.shape.join('x')} there`);
    return applyStep(step, current, fail);
  }, sample);
}

type Fail = (why: string) => Error;

function applyStep(step: PreprocessStep, sample: Sample, fail: Fail): Sample {
  switch (step.step) {
    case 'reshape':
      return { shape: reshaped(step.shape, sample, fail), data: sample.data };
    case 'transpose':
      return transpose(sample, step.axes, fail);
    case 'channelOrder':
      return channelOrder(sample, step.order, step.axis ?? 0, fail);
    case 'resize':
      return resize(sample, step, fail);
    case 'scale':
      return perChannel(sample, step.by, step.axis ?? 0, (x, v) => x * v, fail);
    case 'mean':
      return perChannel(sample, step.values, step.axis ?? 0, (x, v) => x - v, fail);
    case 'std':
      return perChannel(sample, step.values, step.axis ?? 0, (x, v) => x / v, fail);
  }
}

function reshaped(wanted: readonly number[], { data }: Sample, fail: Fail): number[] {
  const known = wanted.filter((n) => n !== -1);
  if (known.length < wanted.length - 1) throw fail('has more than one -1');
  const product = known.reduce((a, b) => a * b, 1);
  const shape = wanted.map((n) => (n === -1 ? data.length / product : n));
  const fits = shape.every(Number.isInteger) && shape.reduce((a, b) => a * b, 1) === data.length;
  if (!fits) throw fail(`does not fit ${data.length} values`);
  return shape;
}

function transpose({ shape, data }: Sample, axes: readonly number[], fail: Fail): Sample {
  const sorted = [...axes].sort((a, b) => a - b);
  if (axes.length !== shape.length || sorted.some((axis, i) => axis !== i)) {
    throw fail(`must name each of the axes 0 to ${shape.length - 1} once`);
  }
  return { shape: axes.map((axis) => shape[axis]!), data: permuted(data, shape, axes) };
}

function channelOrder(sample: Sample, order: readonly number[], axis: number, fail: Fail): Sample {
  const { before, length, after } = aroundAxis(sample, axis, fail);
  const missing = order.find((from) => from >= length);
  if (missing !== undefined) throw fail(`names channel ${missing}, there are ${length}`);
  const out = new Float32Array(before * order.length * after);
  for (let b = 0; b < before; b++) {
    order.forEach((from, i) => {
      const start = (b * length + from) * after;
      out.set(sample.data.subarray(start, start + after), (b * order.length + i) * after);
    });
  }
  return { shape: sample.shape.with(axis, order.length), data: out };
}

function resize(sample: Sample, step: Extract<PreprocessStep, { step: 'resize' }>, fail: Fail): Sample {
  const { shape } = sample;
  const [y, x] = step.axes ?? [shape.length - 2, shape.length - 1];
  if (!(y >= 0 && y < x && x < shape.length)) throw fail('needs two axes, the height before the width');
  const product = (from: number, to: number) => shape.slice(from, to).reduce((a, b) => a * b, 1);
  const taps = step.method === 'nearest' ? nearestTaps : linearTaps;
  const parts = {
    outer: product(0, y),
    height: shape[y]!,
    middle: product(y + 1, x),
    width: shape[x]!,
    inner: product(x + 1, shape.length),
  };
  const data = resample(sample.data, parts, taps(parts.height, step.height), taps(parts.width, step.width));
  return { shape: shape.with(y, step.height).with(x, step.width), data };
}

/** The operation on float32 values, its result rounded to float32. */
function perChannel(
  sample: Sample,
  values: number | readonly number[],
  axis: number,
  f: (x: number, value: number) => number,
  fail: Fail,
): Sample {
  const { data, shape } = sample;
  if (typeof values === 'number') {
    const value = Math.fround(values);
    return { shape, data: data.map((x) => f(x, value)) };
  }
  const { length, after } = aroundAxis(sample, axis, fail);
  if (values.length !== length) throw fail(`has ${values.length} values for the ${length} channels of axis ${axis}`);
  const rounded = values.map(Math.fround);
  return { shape, data: data.map((x, i) => f(x, rounded[Math.floor(i / after) % length]!)) };
}

function aroundAxis({ shape }: Sample, axis: number, fail: Fail) {
  const length = shape[axis];
  if (length === undefined) throw fail(`names axis ${axis}`);
  const product = (part: readonly number[]) => part.reduce((a, b) => a * b, 1);
  return { before: product(shape.slice(0, axis)), length, after: product(shape.slice(axis + 1)) };
}
