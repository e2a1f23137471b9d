/** Layers with parameters: convolution, batch norm, fully connected. */
import { float, int, ints } from '../../src/frontend/onnx-sink.js';
import { apply, type Draft, numbered, type Tensor } from './draft.js';
import { scaledWeights, uniform } from './weights.js';

export interface ConvOptions {
  readonly kernel: number | readonly [height: number, width: number];
  readonly stride?: number;
  /**
   * `half`: half the kernel on every side, as PyTorch writes it. `same`: TensorFlow's, whose odd row and column lie at the end.
   * Defaults to half.
   */
  readonly padding?: 'half' | 'same' | 'none';
  readonly groups?: number;
  /** Defaults to false: a batch norm follows. */
  readonly bias?: boolean;
  /** Of the weights' variance; defaults to 2. */
  readonly gain?: number;
}

/** x [1, c, h, w] -> [1, channels, h', w'] */
export function conv(draft: Draft, x: Tensor, channels: number, options: ConvOptions): Tensor {
  const { padding = 'half', stride = 1, groups = 1 } = options;
  const kernel = typeof options.kernel === 'number' ? ([options.kernel, options.kernel] as const) : options.kernel;
  const [, inputs = 0, ...sides] = x.shape;
  const axes = sides.map((side, i) => padded(side, kernel[i]!, stride, padding));
  const fanIn = (inputs / groups) * kernel[0] * kernel[1];
  const name = numbered(draft, 'conv');
  const weights = scaledWeights(draft.random, channels * fanIn, fanIn, options.gain ?? 2);
  const constants = [draft.sink.floats(`${name}.weight`, [channels, inputs / groups, ...kernel], weights)];
  if (options.bias) constants.push(bias(draft, name, channels));
  const output = { wanted: 'conv', shape: [1, channels, ...axes.map(({ length }) => length)] };
  return apply(draft, 'Conv', [x.name, ...constants], output, [
    ints('kernel_shape', kernel),
    ints('strides', [stride, stride]),
    ints('pads', [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)]),
    int('group', groups),
  ]);
}

/** A filter of its own for every channel. */
export function depthwise(draft: Draft, x: Tensor, options: Omit<ConvOptions, 'groups'>): Tensor {
  const [, channels = 0] = x.shape;
  return conv(draft, x, channels, { ...options, groups: channels });
}

function padded(
  side: number,
  kernel: number,
  stride: number,
  padding: 'half' | 'same' | 'none',
): { before: number; after: number; length: number } {
  if (padding === 'same') {
    const length = Math.ceil(side / stride);
    const total = Math.max(0, (length - 1) * stride + kernel - side);
    return { before: Math.floor(total / 2), after: Math.ceil(total / 2), length };
  }
  const pad = padding === 'half' ? (kernel - 1) / 2 : 0;
  return { before: pad, after: pad, length: Math.floor((side + 2 * pad - kernel) / stride) + 1 };
}

/**
 * Shape kept. Statistics near mean 0 and `variance`, the channels a little apart; `scale` makes the branch of a residual smaller
 * than its stem.
 */
export function batchNorm(
  draft: Draft,
  x: Tensor,
  { variance = 1, scale = 1 }: { readonly variance?: number; readonly scale?: number } = {},
): Tensor {
  const { random, sink } = draft;
  const name = numbered(draft, 'norm');
  const channels = x.shape[1]!;
  const deviation = Math.sqrt(variance);
  const constants = [
    sink.floats(`${name}.gamma`, [channels], uniform(random, channels, 0.8 * scale, 1.2 * scale)),
    sink.floats(`${name}.beta`, [channels], uniform(random, channels, -0.2 * scale, 0.2 * scale)),
    sink.floats(`${name}.mean`, [channels], uniform(random, channels, -0.1 * deviation, 0.1 * deviation)),
    sink.floats(`${name}.variance`, [channels], uniform(random, channels, 0.8 * variance, 1.2 * variance)),
  ];
  const output = { wanted: 'norm', shape: x.shape };
  return apply(draft, 'BatchNormalization', [x.name, ...constants], output, [float('epsilon', 1e-5)]);
}

/** x [1, n] -> [1, outputs], with a bias */
export function dense(draft: Draft, x: Tensor, outputs: number, gain = 1): Tensor {
  const [, inputs = 0] = x.shape;
  const name = numbered(draft, 'dense');
  const weights = scaledWeights(draft.random, outputs * inputs, inputs, gain);
  const constants = [draft.sink.floats(`${name}.weight`, [outputs, inputs], weights), bias(draft, name, outputs)];
  const output = { wanted: 'dense', shape: [1, outputs] };
  return apply(draft, 'Gemm', [x.name, ...constants], output, [int('transB', 1)]);
}

function bias({ random, sink }: Draft, name: string, channels: number): string {
  return sink.floats(`${name}.bias`, [channels], uniform(random, channels, -0.1, 0.1));
}
