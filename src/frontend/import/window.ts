/** The window of a convolution or pool: ONNX attributes -> kernel, strides, dilations, pads, and the size of what it makes. */
import type { ImportCall } from '../operators/operator.js';
import type { PlacedWindow } from './emit.js';
import { checkLength, limit, mismatch } from './refuse.js';
import type { MapTensor } from './value.js';

interface AxisWindow {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly begin: number;
  readonly end: number;
  readonly output: number;
  /** Taps of the last window beyond the pads: ceil_mode. */
  readonly overhang: number;
}

export const AUTO_PADS = ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'] as const;

/**
 * @param axes 2, or 1 for a map of one row
 * @param kernel one length for each axis
 */
export function placeWindow(call: ImportCall, input: MapTensor, axes: number, kernel: readonly number[]): PlacedWindow {
  const strides = perAxis(call, 'strides', axes, 1, 1) ?? new Array<number>(axes).fill(1);
  const dilations = perAxis(call, 'dilations', axes, 1, 1) ?? new Array<number>(axes).fill(1);
  const pads = perAxis(call, 'pads', axes, 2, 0) ?? new Array<number>(2 * axes).fill(0);
  checkCount(call, 'kernel_shape', kernel, axes, 1);
  const along = (axis: number, size: number): AxisWindow =>
    placeAxis(call, size, {
      kernel: kernel[axis]!,
      stride: strides[axis]!,
      dilation: dilations[axis]!,
      begin: pads[axis]!,
      end: pads[axis + axes]!,
    });
  const y = axes === 1 ? ONE_ROW : along(0, input.height);
  const x = along(axes - 1, input.width);
  for (const { output } of [y, x]) checkLength(call, output);
  const outer = input.padding?.pads ?? [0, 0, 0, 0];
  return {
    window: {
      kernel: [y.kernel, x.kernel],
      strides: [y.stride, x.stride],
      dilations: [y.dilation, x.dilation],
      pads: [y.begin + outer[0], x.begin + outer[1], y.end + outer[2], x.end + outer[3]],
    },
    output: { height: y.output, width: x.output },
    padded: y.begin + x.begin + y.end + x.end > 0,
    overhang: [y.overhang, x.overhang],
  };
}

const ONE_ROW: AxisWindow = { kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0, output: 1, overhang: 0 };

function placeAxis(call: ImportCall, size: number, given: Omit<AxisWindow, 'output' | 'overhang'>): AxisWindow {
  const { stride } = given;
  const reach = (given.kernel - 1) * given.dilation + 1;
  const autoPad = call.attributes.string('auto_pad');
  if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
    const output = Math.ceil(size / stride);
    const short = (output - 1) * stride + reach - size;
    // The formula of pools cuts values off where all windows together are shorter than the input.
    if (short < (autoPad === 'SAME_LOWER' ? -2 : -1) && !call.node.operator.includes('Conv')) {
      throw limit(call, 'SAME pads of a pool that steps over its input are not supported', {
        expected: 'strides of at most the kernel, or windows that end with the input',
        actual: `stride ${stride}, kernel ${given.kernel}`,
        hint: 'runtimes disagree on them: write the pads out',
      });
    }
    const total = Math.max(0, short);
    const less = Math.floor(total / 2);
    const [begin, end] = autoPad === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
    return { ...given, begin, end, output, overhang: 0 };
  }
  const [begin, end] = autoPad === 'VALID' ? [0, 0] : [given.begin, given.end];
  const room = size + begin + end - reach;
  if (room < 0) {
    throw limit(call, 'the window is larger than the padded input', {
      expected: `at most ${size + begin + end} values`,
      actual: `${reach}`,
    });
  }
  const output = Math.floor(room / stride) + 1;
  const ceiled = call.node.attributes.has('ceil_mode') && call.attributes.int('ceil_mode') === 1;
  if (!ceiled || room % stride === 0) return { ...given, begin, end, output, overhang: 0 };
  // One window more, which begins inside the input or its left pad and reaches over the end.
  const last = output * stride;
  if (last >= size + begin) return { ...given, begin, end, output, overhang: 0 };
  const reached = last + reach - size - begin;
  return { ...given, begin, end: reached, output: output + 1, overhang: reached - end };
}

/** An attribute with `times` values for each axis, none below `least`. */
export function perAxis(
  call: ImportCall,
  name: string,
  axes: number,
  times: number,
  least: number,
): readonly number[] | null {
  if (!call.node.attributes.has(name)) return null;
  const values = call.attributes.ints(name) ?? [];
  if (values.length === 0) return null;
  checkCount(call, name, values, axes * times, least);
  return values;
}

export function checkCount(
  call: ImportCall,
  name: string,
  values: readonly number[],
  count: number,
  least: number,
): void {
  if (values.length !== count) {
    throw mismatch(call, `${name} has the wrong number of values`, { expected: `${count}`, actual: values.join(', ') });
  }
  if (values.some((n) => n < least)) {
    throw limit(call, `${name} has an impossible value`, { expected: `at least ${least}`, actual: values.join(', ') });
  }
}
