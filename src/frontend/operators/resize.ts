/** Resize and Upsample by nearest neighbours: repeated, or left out, rows, columns and channels. */
import { anyMapOperand, optionalConstant } from '../import/operands.js';
import { checkLength, limit, mismatch } from '../import/refuse.js';
import type { Value } from '../import/value.js';
import { axisList } from './axes.js';
import { type ImportCall, NEWEST_OPSET, onnxOperator } from './operator.js';
import { pickedOrRefused } from './pieces.js';

const COORDINATES = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
] as const;
type Coordinates = (typeof COORDINATES)[number];
const NEAREST = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;
type Nearest = (typeof NEAREST)[number] | 'simple';
const POLICIES = ['stretch', 'not_larger', 'not_smaller'] as const;

/** Resize has coordinates and sizes from this operator set on. */
const COORDINATE_FORM = 11;

export const RESIZE = onnxOperator('Resize', {
  opsets: [10, NEWEST_OPSET],
  inputs: [1, 4],
  attributes: {
    antialias: { type: 'int', default: 0, only: [0] },
    axes: { type: 'ints' },
    coordinate_transformation_mode: { type: 'string', default: 'half_pixel', only: COORDINATES },
    cubic_coeff_a: { type: 'ignored' },
    exclude_outside: { type: 'ignored' },
    extrapolation_value: { type: 'ignored' },
    keep_aspect_ratio_policy: { type: 'string', default: 'stretch', only: POLICIES },
    mode: { type: 'string', default: 'nearest' },
    nearest_mode: { type: 'string', default: 'round_prefer_floor', only: NEAREST },
  },
  import: (call) => (call.opset < COORDINATE_FORM ? importByScales(call, 1) : importResize(call)),
});

export const UPSAMPLE = onnxOperator('Upsample', {
  opsets: [7, 9],
  inputs: [1, 2],
  attributes: { mode: { type: 'string', default: 'nearest' }, scales: { type: 'floats', until: 8 } },
  import: (call) => importByScales(call, 1),
});

interface AxisResize {
  readonly axis: number;
  readonly scale: number;
  readonly length: number;
}

function importByScales(call: ImportCall, index: number): Value[] {
  const scales = call.attributes.has('scales') ? call.attributes.floats('scales') : floatsAt(call, index);
  if (scales === null) throw limit(call, 'the scales are missing');
  return resized(call, scaledAxes(call, null, scales), 'asymmetric', 'simple');
}

function importResize(call: ImportCall): Value[] {
  const coordinates = call.attributes.string('coordinate_transformation_mode') as Coordinates;
  const nearest = call.attributes.string('nearest_mode') as Nearest;
  const scales = floatsAt(call, 2);
  const sizes = floatsAt(call, 3);
  const given = call.attributes.ints('axes');
  if (scales !== null && scales.length > 0) {
    return resized(call, scaledAxes(call, given, scales), coordinates, nearest);
  }
  if (sizes === null || sizes.length === 0) throw limit(call, 'neither scales nor sizes are given');
  return resized(call, sizedAxes(call, given, sizes), coordinates, nearest);
}

function scaledAxes(call: ImportCall, given: readonly number[] | null, scales: readonly number[]): AxisResize[] {
  const { shape } = anyMapOperand(call, 0);
  return axesOf(call, given, scales).map((axis, i) => {
    const scale = Math.fround(scales[i]!);
    if (!(scale > 0)) throw limit(call, 'a scale must be positive', { actual: `${scale}` });
    return { axis, scale, length: Math.floor(Math.fround(shape[axis]! * scale)) };
  });
}

function sizedAxes(call: ImportCall, given: readonly number[] | null, sizes: readonly number[]): AxisResize[] {
  const { shape } = anyMapOperand(call, 0);
  const axes = axesOf(call, given, sizes);
  // In a model that is fixed to a batch, its size means the one image that is left.
  const wanted = axes.map((axis, i) => (axis === 0 && sizes[i] === call.state.batch ? shape[0]! : sizes[i]!));
  const ratios = axes.map((axis, i) => Math.fround(wanted[i]! / shape[axis]!));
  const policy = call.attributes.string('keep_aspect_ratio_policy');
  if (policy === 'stretch') return axes.map((axis, i) => ({ axis, scale: ratios[i]!, length: wanted[i]! }));
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return axes.map((axis) => ({ axis, scale, length: Math.round(Math.fround(scale * shape[axis]!)) }));
}

function axesOf(call: ImportCall, given: readonly number[] | null, values: readonly number[]): number[] {
  const rank = anyMapOperand(call, 0).shape.length;
  const axes = given === null ? Array.from({ length: rank }, (_, i) => i) : axisList(call, given, rank);
  if (axes.length === values.length) return axes;
  throw mismatch(call, 'there is not one scale or size for each axis', { actual: values.join(', ') });
}

function resized(call: ImportCall, axes: readonly AxisResize[], coordinates: Coordinates, nearest: Nearest): Value[] {
  const value = anyMapOperand(call, 0);
  const changed = axes.filter(({ axis, length, scale }) => length !== value.shape[axis] || scale !== 1);
  if (changed.length === 0) return [value];
  const mode = call.attributes.string('mode');
  if (mode !== 'nearest') {
    throw limit(call, 'only nearest neighbours are taken, no values between them', {
      expected: 'mode = nearest',
      actual: `mode = ${mode}`,
      hint: "train with nn.Upsample(mode='nearest'), or with a transposed convolution in its place",
    });
  }
  if (coordinates === 'half_pixel_symmetric' && changed.some(({ scale }) => !Number.isInteger(scale))) {
    throw limit(call, 'half_pixel_symmetric is supported for whole factors only', {
      actual: `a factor of ${changed.map(({ scale }) => scale).join(', ')}`,
      hint: 'runtimes disagree on the places of others: use half_pixel',
    });
  }
  if (changed.some(({ length }) => !(length >= 1))) throw limit(call, 'nothing is left of the tensor');
  if (!changed.every(({ length }) => Number.isInteger(length))) throw mismatch(call, 'a size is no whole number');
  for (const { length } of changed) checkLength(call, length);
  const picks = changed.map(({ axis, length, scale }) => {
    const size = value.shape[axis]!;
    const pick = (x: number): number => pixel(nearest, scale < 1, original(coordinates, x, scale, length, size));
    const list = Array.from({ length }, (_, x) => Math.min(size - 1, Math.max(0, pick(x))));
    return { axis, list };
  });
  return [pickedOrRefused(call, value, picks)];
}

/** The place of index x in the source, in float32. Source: ONNX Resize-19. */
function original(coordinates: Coordinates, x: number, scale: number, length: number, size: number): number {
  const f = Math.fround;
  const centered = f(f(x + 0.5) / scale);
  switch (coordinates) {
    case 'asymmetric':
      return f(x / scale);
    case 'tf_half_pixel_for_nn':
      return centered;
    case 'half_pixel':
      return f(centered - 0.5);
    case 'pytorch_half_pixel':
      return length > 1 ? f(centered - 0.5) : 0;
    case 'align_corners':
      return length === 1 ? 0 : f(f(x * (size - 1)) / (length - 1));
    case 'half_pixel_symmetric': {
      const adjustment = f(length / f(scale * size));
      const offset = f(f(size / 2) * f(1 - adjustment));
      return f(f(offset + centered) - 0.5);
    }
  }
}

/** `simple` is what there was before there were modes. */
function pixel(nearest: Nearest, shrinks: boolean, x: number): number {
  switch (nearest) {
    case 'simple':
      return shrinks ? Math.ceil(x) : Math.trunc(x);
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'round_prefer_floor':
      return Math.ceil(x - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
  }
}

function floatsAt(call: ImportCall, index: number): number[] | null {
  const constant = optionalConstant(call, index, index === 3 ? 'the sizes' : 'the scales');
  return constant === null ? null : [...constant.data];
}
