/** How many taps of the windows along an axis lie inside the map. */
import type { Window2d } from './graph.js';

interface Extent {
  readonly height: number;
  readonly width: number;
}

/** One count for each output row (axis 0) or column (axis 1). */
export function tapsInside(window: Window2d, input: Extent, output: Extent, axis: 0 | 1): number[] {
  const [size, outputs] = axis === 0 ? [input.height, output.height] : [input.width, output.width];
  const { kernel, strides, dilations, pads } = window;
  return Array.from({ length: outputs }, (_, o) => {
    const start = o * strides[axis] - pads[axis];
    const first = Math.max(0, Math.ceil(-start / dilations[axis]));
    const last = Math.min(kernel[axis] - 1, Math.floor((size - 1 - start) / dilations[axis]));
    return Math.max(0, last - first + 1);
  });
}

/** Whether some window holds no value of the map. */
export function emptyWindow(window: Window2d, input: Extent, output: Extent): boolean {
  return ([0, 1] as const).some((axis) => tapsInside(window, input, output, axis).includes(0));
}
