/** A constant that ONNX broadcasts over a tensor, as one number for each channel of the map. */
import type { ImportCall } from '../operators/operator.js';
import { atomsByAxis } from './layout.js';
import { limit, mismatch } from './refuse.js';
import type { MapValue } from './value.js';

export interface Broadcast {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** NumPy's rule. null where the shapes do not go together. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] | null {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return null;
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

/** The shape of the sum of a tensor and a constant, which must not be larger than the tensor. */
export function shapeWith(call: ImportCall, value: MapValue, constant: Broadcast): number[] {
  const shape = broadcastShape(value.shape, constant.shape);
  const actual = `${value.shape.join('x')} and ${constant.shape.join('x')}`;
  if (shape === null) throw mismatch(call, 'a constant does not go with the tensor', { actual });
  const size = (s: readonly number[]): number => s.reduce((a, b) => a * b, 1);
  if (size(shape) !== size(value.shape)) {
    throw limit(call, 'a constant that enlarges the tensor is not supported', { actual });
  }
  return shape;
}

/**
 * @param shape of the result, as shapeWith gives it
 * @throws SystoleError operator-limit where the constant differs within a channel
 */
export function perChannel(
  call: ImportCall,
  value: MapValue,
  shape: readonly number[],
  constant: Broadcast,
): Float32Array {
  const { channels } = value.tensor;
  if (constant.data.length === 1) return new Float32Array(channels).fill(constant.data[0]!);
  const axes = atomsByAxis(value.atoms, shape);
  if (axes === null) throw differs(call, constant);
  // Digits of the index that tell a channel or a value of the constant; all others tell neither.
  const offset = shape.length - constant.shape.length;
  const digits: { size: number; channel: number; from: number }[] = [];
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const moves = axis >= offset && constant.shape[axis - offset] !== 1;
    for (const atom of axes[axis]!.toReversed()) {
      const channel = atom.axis === 'c' ? atom.stride : 0;
      if (moves || channel !== 0) digits.push({ size: atom.size, channel, from: moves ? step : 0 });
      if (moves) step *= atom.size;
    }
  }
  const result = new Float32Array(channels);
  const known = new Uint8Array(channels);
  const count = digits.map(() => 0);
  for (let channel = 0, from = 0; ; ) {
    const x = constant.data[from]!;
    if (known[channel] && result[channel] !== x) throw differs(call, constant);
    known[channel] = 1;
    result[channel] = x;
    let i = 0;
    for (; i < digits.length; i++) {
      const digit = digits[i]!;
      count[i]! += 1;
      channel += digit.channel;
      from += digit.from;
      if (count[i]! < digit.size) break;
      channel -= digit.size * digit.channel;
      from -= digit.size * digit.from;
      count[i] = 0;
    }
    if (i === digits.length) return result;
  }
}

function differs(call: ImportCall, constant: Broadcast) {
  return limit(call, 'a constant that differs from pixel to pixel is not supported', {
    expected: 'one value for each channel',
    actual: constant.shape.join('x'),
    hint: 'one value for each channel folds into the neighbouring layer; subtract an image before the network',
  });
}
