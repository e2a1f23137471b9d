/** Steps of a random model that compute: each takes the tensor that is there and makes another, or leaves it where it does not apply. */
import type { RandomSource } from '../../../src/base/random.js';
import type { BuiltAttribute } from '../onnx-builder.js';
import type { ModelBuilder, Now } from './model-builder.js';

export type Step = (b: ModelBuilder, now: Now, r: RandomSource) => Now;

const MOST_CHANNELS = 12;
/** Rows and columns. */
export const LARGEST = 14;

interface Axis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  readonly size: number;
}

/** A window that fits; `ceil`: the last one may hang over. */
function axis(size: number, r: RandomSource, { most = 3, ceil = false, dilated = true } = {}): Axis {
  const kernel = r.integer(1, Math.min(most, size));
  const dilation = dilated && kernel > 1 && 2 * (kernel - 1) < size && r.integer(0, 3) === 0 ? 2 : 1;
  const pad = () => (r.integer(0, 1) === 0 ? 0 : r.integer(0, kernel - 1));
  const [before, after, stride] = [pad(), pad(), r.integer(1, 2)];
  const room = size + before + after - (kernel - 1) * dilation - 1;
  let steps = ceil ? Math.ceil(room / stride) : Math.floor(room / stride);
  if (ceil && steps * stride >= size + before) steps--;
  return { kernel, stride, dilation, before, after, size: steps + 1 };
}

function windowOf(y: Axis, x: Axis, dilations = true): Record<string, BuiltAttribute> {
  return {
    kernel_shape: [y.kernel, x.kernel],
    strides: [y.stride, x.stride],
    pads: [y.before, x.before, y.after, x.after],
    ...(dilations ? { dilations: [y.dilation, x.dilation] } : {}),
  };
}

export const like = (now: Now, name: string): Now => ({ ...now, name });

const conv: Step = (b, now, r) => {
  const [y, x] = [axis(now.height, r), axis(now.width, r)];
  const divisors = Array.from({ length: now.channels }, (_, i) => i + 1).filter((n) => now.channels % n === 0);
  const group = r.integer(0, 1) === 0 ? 1 : divisors[r.integer(0, divisors.length - 1)]!;
  const channels = group * r.integer(1, Math.max(1, Math.floor(MOST_CHANNELS / group)));
  const weights = b.weights([channels, now.channels / group, y.kernel, x.kernel]);
  const bias = r.integer(0, 2) === 0 ? '' : b.bias(channels, now.name, weights.scale);
  const made = b.emit('Conv', `${now.name} ${weights.name} ${bias}`, { ...windowOf(y, x), group });
  const activated = r.integer(0, 1) === 0 ? made : b.emit('Relu', made);
  return { name: b.requantized(activated), channels, height: y.size, width: x.size };
};

const convTranspose: Step = (b, now, r) => {
  const side = (size: number) => {
    const [kernel, stride] = [r.integer(1, 3), r.integer(1, 2)];
    const pad = kernel > 1 ? r.integer(0, 1) : 0;
    const extra = stride > 1 ? r.integer(0, 1) : 0;
    return { kernel, stride, pad, extra, size: (size - 1) * stride + kernel - 2 * pad + extra };
  };
  const [y, x] = [side(now.height), side(now.width)];
  if (Math.min(y.size, x.size) < 1 || Math.max(y.size, x.size) > LARGEST) return now;
  const channels = r.integer(1, 6);
  const weights = b.weights([now.channels, channels, y.kernel, x.kernel]);
  const made = b.emit('ConvTranspose', `${now.name} ${weights.name}`, {
    ...{ kernel_shape: [y.kernel, x.kernel], strides: [y.stride, x.stride], pads: [y.pad, x.pad, y.pad, x.pad] },
    output_padding: [y.extra, x.extra],
  });
  return { name: b.requantized(made), channels, height: y.size, width: x.size };
};

const norm: Step = (b, now) => {
  if (b.plain) return now;
  const of = (low: number, high: number) => b.floats([now.channels], low, high);
  return like(now, b.emit('BatchNormalization', `${now.name} ${of(-1, 1)} ${of(-1, 1)} ${of(-1, 1)} ${of(0.5, 2)}`));
};

const maxPool: Step = (b, now, r) => {
  const ceil = r.integer(0, 1) === 1;
  const [y, x] = [axis(now.height, r, { ceil }), axis(now.width, r, { ceil })];
  const made = b.emit('MaxPool', now.name, { ...windowOf(y, x), ceil_mode: ceil ? 1 : 0 });
  return { ...now, name: b.sameGrid(now.name, made), height: y.size, width: x.size };
};

/** ONNX Runtime divides by another count than ONNX says where a window hangs over and padding counts. */
const averagePool: Step = (b, now, r) => {
  const counted = r.integer(0, 1) === 1;
  const ceil = !counted && r.integer(0, 2) === 0;
  const [y, x] = [axis(now.height, r, { ceil, dilated: false }), axis(now.width, r, { ceil, dilated: false })];
  const attributes = { ...windowOf(y, x, false), ceil_mode: ceil ? 1 : 0, count_include_pad: counted ? 1 : 0 };
  return { ...now, name: b.requantized(b.emit('AveragePool', now.name, attributes)), height: y.size, width: x.size };
};

/** With constants, in a quantized model in eighths. */
const withConstant: Step = (b, now, r) => {
  const operator = (['Add', 'Sub', 'Mul', 'Div'] as const)[r.integer(0, 3)]!;
  const shape = r.integer(0, 1) === 0 ? [] : [now.channels, 1, 1];
  if (b.plain) return now;
  const made = b.emit(operator, `${now.name} ${b.floats(shape, operator === 'Div' ? 0.5 : -2, 2)}`);
  return like(now, b.requantized(made));
};

const pointwise: Step = (b, now, r) => {
  const { name } = now;
  const kind = r.integer(0, 13);
  const slopes = () => b.floats([now.channels, 1, 1], 0, 0.5);
  const exact: Record<number, () => string> = {
    0: () => b.emit('Relu', name),
    1: () => b.emit('Clip', `${name} ${b.floats([], -1, -0.5)} ${b.floats([], 0.5, 1)}`),
    2: () => b.emit('LeakyRelu', name, { alpha: 0.125 }),
    3: () => b.emit('PRelu', `${name} ${slopes()}`),
    4: () => b.emit('HardSigmoid', name, { alpha: 0.25 }),
    5: () => b.emit('HardSwish', name),
    6: () => b.emit('Sign', name),
  };
  const rounded: Record<number, () => string> = {
    7: () => b.emit('Sigmoid', name),
    8: () => b.emit('Tanh', name),
    9: () => b.emit('Elu', name),
    10: () => b.emit('Softplus', name),
    11: () => b.emit('Mul', `${name} ${b.emit('Sigmoid', name)}`),
    12: () => b.emit('Mul', `${name} ${b.emit('Tanh', b.emit('Softplus', name))}`),
    13: () => b.emit('Abs', name),
  };
  if (kind in rounded) b.transcendental = true;
  return like(now, b.requantized((exact[kind] ?? rounded[kind]!)()));
};

/** Another branch of the same shape, or another input. */
function branch(b: ModelBuilder, now: Now, r: RandomSource): string {
  if (b.inputs.length < 2 && r.integer(0, 3) === 0) return b.input([1, now.channels, now.height, now.width]);
  const weights = b.weights([now.channels, now.channels, 1, 1]);
  return b.requantized(b.emit('Conv', `${now.name} ${weights.name}`));
}

const joined: Step = (b, now, r) => {
  const other = branch(b, now, r);
  const operator = (['Add', 'Add', 'Sub', 'Mul'] as const)[r.integer(0, 3)]!;
  return like(now, b.requantized(b.emit(operator, `${now.name} ${other}`)));
};

const concatenated: Step = (b, now, r) => {
  if (2 * now.channels > MOST_CHANNELS) return now;
  const made = b.emit('Concat', `${now.name} ${branch(b, now, r)}`, { axis: 1 });
  return { ...now, name: b.requantized(made), channels: 2 * now.channels };
};

/** Squeeze and excite: a gate for each channel. */
const gated: Step = (b, now) => {
  const pooled = b.requantized(b.emit('GlobalAveragePool', now.name));
  const weights = b.weights([now.channels, now.channels, 1, 1]);
  const gate = b.requantized(b.emit('HardSigmoid', b.requantized(b.emit('Conv', `${pooled} ${weights.name}`))));
  return like(now, b.requantized(b.emit('Mul', `${now.name} ${gate}`)));
};

export const COMPUTING: Readonly<Record<string, Step>> = {
  conv,
  convTranspose,
  norm,
  maxPool,
  averagePool,
  withConstant,
  pointwise,
  joined,
  concatenated,
  gated,
};
