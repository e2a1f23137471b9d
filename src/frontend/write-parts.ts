/** What several kinds of node have in common when they are written. */
import type { Clamp, Shape, Window2d } from './graph.js';
import { type Attribute, ints, type OnnxSink } from './onnx-sink.js';

export interface Clamped {
  readonly name: string;
  readonly output: string;
  readonly clamp: Clamp;
}

/** One operator whose result passes the clamp on its way to the node's output. */
export function writeClamped(
  sink: OnnxSink,
  { name, output, clamp }: Clamped,
  operator: string,
  inputs: readonly string[],
  attributes: readonly Attribute[] = [],
): void {
  if (clamp.min === null && clamp.max === null) {
    sink.emit(operator, inputs, output, attributes);
    return;
  }
  const open = sink.apply(operator, inputs, `${output}.unclamped`, attributes);
  if (clamp.min === 0 && clamp.max === null) {
    sink.emit('Relu', [open], output);
    return;
  }
  const bound = (end: string, value: number | null): string =>
    value === null ? '' : sink.scalar(`${name}.${end}`, value);
  const limits = [bound('min', clamp.min), bound('max', clamp.max)];
  // A trailing optional input is left out, not empty.
  sink.emit('Clip', [open, ...(clamp.max === null ? limits.slice(0, 1) : limits)], output);
}

/** Of one value for each channel of a tensor of this rank. */
export function channelShape(channels: number, rank: number): Shape {
  return [1, channels, ...new Array<number>(Math.max(0, rank - 2)).fill(1)];
}

export function windowAttributes(window: Window2d, dilated = true): Attribute[] {
  const { kernel, strides, dilations, pads } = window;
  const common = [ints('kernel_shape', kernel), ints('strides', strides), ints('pads', pads)];
  return dilated ? [...common, ints('dilations', dilations)] : common;
}
