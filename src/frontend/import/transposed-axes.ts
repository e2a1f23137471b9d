/** The attributes of ConvTranspose along each axis. */
import type { ImportCall } from '../operators/operator.js';
import type { AxisShape } from './phases.js';
import { checkLength, limit, mismatch } from './refuse.js';
import type { MapTensor } from './value.js';
import { checkCount, perAxis } from './window.js';

export interface TransposedAxes {
  readonly y: AxisShape;
  readonly x: AxisShape;
}

const ONE_ROW: AxisShape = { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, begin: 0 };

/** @param kernel one length for each axis: 2, or 1 for a map of one row */
export function transposedAxes(call: ImportCall, input: MapTensor, kernel: readonly number[]): TransposedAxes {
  const axes = kernel.length;
  const declared = call.attributes.ints('kernel_shape');
  if (declared !== null && declared.length > 0 && declared.join() !== kernel.join()) {
    throw mismatch(call, 'kernel_shape differs from the weights', {
      expected: kernel.join('x'),
      actual: declared.join('x'),
    });
  }
  checkCount(call, 'kernel_shape', kernel, axes, 1);
  const list = (name: string, times: number, least: number): readonly number[] | null =>
    perAxis(call, name, axes, times, least);
  const strides = list('strides', 1, 1);
  const dilations = list('dilations', 1, 1);
  const pads = list('pads', 2, 0);
  const further = list('output_padding', 1, 0);
  const shape = outputShape(call, axes);
  const along = (axis: number, size: number): AxisShape =>
    placed(call, {
      input: size,
      kernel: kernel[axis]!,
      stride: strides?.[axis] ?? 1,
      dilation: dilations?.[axis] ?? 1,
      further: further?.[axis] ?? 0,
      pads: [pads?.[axis] ?? 0, pads?.[axis + axes] ?? 0],
      output: shape?.[axis] ?? null,
    });
  const made = { y: axes === 1 ? ONE_ROW : along(0, input.height), x: along(axes - 1, input.width) };
  for (const { output } of [made.y, made.x]) checkLength(call, output);
  return made;
}

/** Of the rows and columns; some exporters write all axes. */
function outputShape(call: ImportCall, axes: number): readonly number[] | null {
  const given = call.attributes.ints('output_shape') ?? [];
  if (given.length === 0) return null;
  const shape = given.length === axes + 2 ? given.slice(2) : given;
  checkCount(call, 'output_shape', shape, axes, 1);
  return shape;
}

interface Given {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly further: number;
  readonly pads: readonly [number, number];
  readonly output: number | null;
}

/** Source: ONNX ConvTranspose-11, where the output's size is given or follows from auto_pad. */
function placed(call: ImportCall, given: Given): AxisShape {
  const { input, kernel, stride, dilation } = given;
  const autoPad = call.attributes.string('auto_pad');
  const isSame = autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER';
  const whole = stride * (input - 1) + given.further + (kernel - 1) * dilation + 1;
  const wanted = given.output ?? (isSame ? input * stride : null);
  const base = { input, kernel, stride, dilation };
  if (given.output === null && isSame && whole < input * stride) {
    throw limit(call, 'SAME pads of a transposed convolution with gaps between its windows are not supported', {
      expected: 'a kernel of at least the stride',
      actual: `stride ${stride}, kernel ${kernel}`,
      hint: 'runtimes disagree on them: write output_shape',
    });
  }
  const further = wanted === null ? given.further : wanted - whole;
  if (further >= stride) {
    throw limit(call, 'an output that goes on by a stride or more behind the last window is not supported', {
      expected: `output_padding of at most ${stride - 1}`,
      actual: `${further}`,
      hint: 'runtimes leave values there undefined: put a Pad behind the node',
    });
  }
  if (wanted !== null) {
    const cut = Math.max(0, whole - wanted);
    const less = Math.floor(cut / 2);
    return { ...base, output: wanted, begin: autoPad === 'SAME_UPPER' ? less : cut - less };
  }
  const [begin, end] = autoPad === 'VALID' ? [0, 0] : given.pads;
  const output = whole - begin - end;
  if (output >= 1) return { ...base, output, begin };
  throw limit(call, 'the pads cut everything off', { actual: `${begin} and ${end} of ${whole}` });
}
