import type { CodeTensor, ConvLayer, MaxPoolLayer } from '../network.js';

/** A copy of a map, [height][width][channels], that holds every tap of every window: no tap needs a bound check. */
export interface PaddedMap {
  readonly width: number;
  fill(input: Int32Array): Int32Array;
}

/** @param padding what taps outside the map read */
export function paddedMap(
  layer: ConvLayer | MaxPoolLayer,
  from: CodeTensor,
  to: CodeTensor,
  padding: number,
): PaddedMap {
  const reach = (axis: 0 | 1, outputs: number): number =>
    (outputs - 1) * layer.strides[axis] + (layer.kernel[axis] - 1) * layer.dilations[axis] + 1;
  const height = reach(0, to.height);
  const width = reach(1, to.width);
  const { channels } = from;
  const [top, left] = layer.pads;
  // Windows may lie wholly in the padding.
  const rowCodes = Math.max(0, Math.min(from.width, width - left)) * channels;
  const rows = rowCodes === 0 ? 0 : Math.min(height, top + from.height);
  const padded = new Int32Array(height * width * channels).fill(padding);
  const fill = (input: Int32Array): Int32Array => {
    for (let y = top; y < rows; y++) {
      const start = (y - top) * from.width * channels;
      padded.set(input.subarray(start, start + rowCodes), (y * width + left) * channels);
    }
    return padded;
  };
  return { width, fill };
}
