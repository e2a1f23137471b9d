/**
 * A transposed convolution along one axis: outputs that are a stride apart are an ordinary convolution with every
 * stride-th tap, turned round. One such convolution for each phase of the stride.
 */
export interface AxisShape {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Outputs that are cut off before the first; negative: zeros before it. */
  readonly begin: number;
}

export interface Phase {
  /** Its first output; the others follow a stride apart. */
  readonly first: number;
  readonly count: number;
  /** Taps of the kernel, in the order of the inputs they meet; none: the outputs are the bias alone. */
  readonly taps: readonly number[];
  readonly dilation: number;
  readonly pads: readonly [number, number];
  /** Outputs of the convolution, and the index of the one that is the phase's first. */
  readonly made: number;
  readonly from: number;
}

/** y[o] = sum of x[i] * w[k] over i * stride + k * dilation = o + begin (ONNX ConvTranspose-11). */
export function phasesOf(axis: AxisShape): Phase[] {
  return Array.from({ length: Math.min(axis.stride, axis.output) }, (_, first) => phaseOf(axis, first));
}

function phaseOf({ input, output, kernel, stride, dilation, begin }: AxisShape, first: number): Phase {
  const count = Math.ceil((output - first) / stride);
  /** Where the first output meets a tap, in inputs. */
  const place = (k: number): number => (first + begin - k * dilation) / stride;
  const taps = Array.from({ length: kernel }, (_, k) => kernel - 1 - k).filter((k) => Number.isInteger(place(k)));
  if (taps.length === 0) return { first, count, taps, dilation: 1, pads: [0, 0], made: 0, from: 0 };
  const nearest = place(taps[0]!);
  const step = taps.length === 1 ? 1 : place(taps[1]!) - nearest;
  const reach = (taps.length - 1) * step + 1;
  const before = Math.max(0, -nearest);
  const from = Math.max(0, nearest);
  const after = Math.max(0, from + count - 1 + reach - input - before);
  return { first, count, taps, dilation: step, pads: [before, after], made: input + before + after - reach + 1, from };
}
