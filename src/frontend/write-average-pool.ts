import type { AveragePoolNode, Shape } from './graph.js';
import { int, type OnnxSink } from './onnx-sink.js';
import { tapsInside } from './window-taps.js';
import { windowAttributes, writeClamped } from './write-parts.js';

/** AveragePool has no dilations in this operator set: with them it is a convolution of each channel by itself. */
export function writeAveragePool(sink: OnnxSink, node: AveragePoolNode, input: Shape, output: Shape): void {
  const excluded = node.border === 'excluded';
  if (node.dilations.every((n) => n === 1)) {
    const attributes = [...windowAttributes(node, false), int('count_include_pad', excluded ? 0 : 1)];
    writeClamped(sink, node, 'AveragePool', [node.input], attributes);
    return;
  }
  const channels = input[1] ?? 1;
  const area = node.kernel[0] * node.kernel[1];
  const share = new Float32Array(channels * area).fill(excluded ? 1 : 1 / area);
  const weights = sink.floats(`${node.name}.weights`, [channels, 1, ...node.kernel], share);
  const attributes = [...windowAttributes(node), int('group', channels)];
  if (!excluded) {
    writeClamped(sink, node, 'Conv', [node.input, weights], attributes);
    return;
  }
  const sum = sink.apply('Conv', [node.input, weights], `${node.name}.sum`, attributes);
  writeClamped(sink, node, 'Div', [sum, sink.floats(`${node.name}.taps`, ...tapCounts(node, input, output))]);
}

/** The number of taps inside the map, for each pixel of the output. */
function tapCounts(node: AveragePoolNode, input: Shape, output: Shape): [Shape, Float32Array] {
  const size = ([, , height = 1, width = 1]: Shape) => ({ height, width });
  const along = (axis: 0 | 1): number[] => tapsInside(node, size(input), size(output), axis);
  const [rows, columns] = [along(0), along(1)];
  const counts = rows.flatMap((row) => columns.map((column) => row * column));
  return [[1, 1, rows.length, columns.length], Float32Array.from(counts)];
}
