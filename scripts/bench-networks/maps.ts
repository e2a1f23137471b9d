/** Operators without parameters. */
import { float, int, ints } from '../../src/frontend/onnx-sink.js';
import { apply, type Draft, type Tensor } from './draft.js';

export function relu(draft: Draft, x: Tensor): Tensor {
  return apply(draft, 'Relu', [x.name], { wanted: 'relu', shape: x.shape });
}

/** min(max(x, 0), 6) */
export function relu6(draft: Draft, x: Tensor): Tensor {
  const limits = [draft.sink.scalar('relu6.min', 0), draft.sink.scalar('relu6.max', 6)];
  return apply(draft, 'Clip', [x.name, ...limits], { wanted: 'relu6', shape: x.shape });
}

/** x or slope·x, the larger. */
export function leakyRelu(draft: Draft, x: Tensor, slope: number): Tensor {
  return apply(draft, 'LeakyRelu', [x.name], { wanted: 'leaky', shape: x.shape }, [float('alpha', slope)]);
}

/** Of two of the same shape. */
export function add(draft: Draft, a: Tensor, b: Tensor): Tensor {
  return apply(draft, 'Add', [a.name, b.name], { wanted: 'sum', shape: a.shape });
}

/** Channels of a, then of b; the same height and width. */
export function concat(draft: Draft, a: Tensor, b: Tensor): Tensor {
  const [, ofA = 0, ...sides] = a.shape;
  const output = { wanted: 'joined', shape: [1, ofA + b.shape[1]!, ...sides] };
  return apply(draft, 'Concat', [a.name, b.name], output, [int('axis', 1)]);
}

/** Padding by -infinity, `pads` [top, left, bottom, right]. */
export function maxPool(
  draft: Draft,
  x: Tensor,
  kernel: number,
  stride: number,
  pads: readonly [number, number, number, number] = [0, 0, 0, 0],
): Tensor {
  const [, channels = 0, height = 0, width = 0] = x.shape;
  const length = (side: number, padding: number): number => Math.floor((side + padding - kernel) / stride) + 1;
  const shape = [1, channels, length(height, pads[0] + pads[2]), length(width, pads[1] + pads[3])];
  return apply(draft, 'MaxPool', [x.name], { wanted: 'pooled', shape }, [
    ints('kernel_shape', [kernel, kernel]),
    ints('strides', [stride, stride]),
    ints('pads', pads),
  ]);
}

/** [1, c, h, w] -> [1, c]: means over the map. */
export function globalAverage(draft: Draft, x: Tensor): Tensor {
  const output = { wanted: 'mean', shape: [1, x.shape[1]!, 1, 1] };
  return flatten(draft, apply(draft, 'GlobalAveragePool', [x.name], output));
}

/** [1, c, h, w] -> [1, c·h·w] */
export function flatten(draft: Draft, x: Tensor): Tensor {
  const output = { wanted: 'flat', shape: [1, x.shape.reduce((a, b) => a * b, 1)] };
  return apply(draft, 'Flatten', [x.name], output, [int('axis', 1)]);
}

/** Every row and column twice: what Resize does unless told otherwise, for a scale of two. */
export function doubled(draft: Draft, x: Tensor): Tensor {
  const [, channels = 0, height = 0, width = 0] = x.shape;
  const scales = draft.sink.floats('doubled.scales', [4], Float32Array.of(1, 1, 2, 2));
  const output = { wanted: 'doubled', shape: [1, channels, 2 * height, 2 * width] };
  return apply(draft, 'Resize', [x.name, '', scales], output);
}
