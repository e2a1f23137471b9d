/** Arrays from files as the samples that a network takes. */

import { SystoleError } from '../../base/error.js';
import type { NumericArray, NumericData } from '../../base/npy.js';
import { applyPreprocess } from '../../base/preprocess/apply.js';
import type { Preprocess } from '../../base/preprocess/steps.js';

export interface SampleSource {
  /** The file and key, for messages. */
  readonly where: string;
  readonly array: NumericArray;
}

export interface SampleForm {
  /** The model's input, batch dimension 1 first. */
  readonly shape: readonly number[];
  readonly preprocess: { readonly steps: Preprocess; readonly where: string } | null;
  /** Only so many, from the first on. */
  readonly limit?: number | undefined;
}

/**
 * The model's own real values, one sample each, preprocessed.
 * @throws SystoleError data-shape, data-type (NaN, infinity, integers that float32 does not hold), preprocess-invalid
 */
export function realSamples({ where, array }: SampleSource, form: SampleForm): Float32Array<ArrayBuffer>[] {
  const wanted = form.shape.slice(1);
  if (form.preprocess === null) requireShape(where, array.shape, wanted);
  return split(where, array, form.limit).map(({ index, shape, data }) => {
    const real = { shape, data: toReal(data, `${where}[${index}]`) };
    if (form.preprocess === null) return real.data;
    const made = applyPreprocess(form.preprocess.steps, real, form.preprocess.where);
    requireMade(form.preprocess.where, made.shape, wanted);
    return made.data;
  });
}

/**
 * Integer codes in the model's own layout, one sample each; preprocessing does not apply to codes.
 * @param top the largest code
 * @throws SystoleError data-shape, data-type
 */
export function codeSamples(
  { where, array }: SampleSource,
  form: Omit<SampleForm, 'preprocess'>,
  top: number,
): Uint16Array[] {
  requireShape(where, array.shape, form.shape.slice(1));
  return split(where, array, form.limit).map(({ index, data }) => {
    const codes = Array.from(data as ArrayLike<number | bigint>, Number);
    const bad = codes.findIndex((code) => !Number.isInteger(code) || code < 0 || code > top);
    if (bad < 0) return Uint16Array.from(codes);
    throw new SystoleError('data-type', 'the data are not codes of the input', {
      where: `${where}[${index}], element ${bad}`,
      expected: `whole numbers from 0 to ${top}`,
      actual: String(codes[bad]),
      hint: "leave out --codes where the file holds the model's own real values",
    });
  });
}

interface RawSample {
  readonly index: number;
  readonly shape: readonly number[];
  readonly data: NumericData;
}

/** Along the first dimension. */
function split(where: string, { shape, data }: NumericArray, limit: number | undefined): RawSample[] {
  const [count = 0, ...rest] = shape;
  if (shape.length === 0 || count === 0) {
    throw new SystoleError('data-shape', 'the array holds no sample', { where, actual: shapeText(shape) });
  }
  const size = rest.reduce((a, b) => a * b, 1);
  return Array.from({ length: Math.min(count, limit ?? count) }, (_, index) => ({
    index,
    shape: rest,
    data: data.subarray(index * size, (index + 1) * size),
  }));
}

function requireShape(where: string, found: readonly number[], wanted: readonly number[]): void {
  if (found.length === wanted.length + 1 && wanted.every((n, i) => n === found[i + 1])) return;
  const unbatched = found.length === wanted.length && wanted.every((n, i) => n === found[i]);
  throw new SystoleError('data-shape', "the samples do not have the shape of the model's input", {
    where,
    expected: `[N, ${wanted.join(', ')}]`,
    actual: shapeText(found),
    hint: unbatched
      ? 'the batch dimension is missing: save array[None]'
      : 'give the samples in this shape, or reshape and transpose them with --preprocess FILE.json',
  });
}

function requireMade(where: string, found: readonly number[], wanted: readonly number[]): void {
  if (found.length === wanted.length && wanted.every((n, i) => n === found[i])) return;
  throw new SystoleError('data-shape', "the preprocess steps do not end in the shape of the model's input", {
    where,
    expected: shapeText(wanted),
    actual: shapeText(found),
  });
}

/** As float32: floats are rounded, whole numbers must be representable. */
function toReal(data: NumericData, where: string): Float32Array<ArrayBuffer> {
  const floats = data instanceof Float32Array || data instanceof Float64Array;
  const real = new Float32Array(data.length);
  for (let i = 0; i < real.length; i++) {
    const value = Number(data[i]!);
    real[i] = value;
    if (Number.isFinite(real[i]!) && (floats || real[i] === value)) continue;
    throw new SystoleError('data-type', 'a sample holds a value that is no finite float32 number', {
      where: `${where}, element ${i}`,
      expected: floats ? 'finite numbers' : 'whole numbers that float32 holds exactly',
      actual: String(data[i]),
    });
  }
  return real;
}

const shapeText = (shape: readonly number[]) => `[${shape.join(', ')}]`;
