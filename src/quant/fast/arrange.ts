import type { ArrangePart } from '../../frontend/graph.js';
import type { ArrangeLayer, CodeTensor } from '../network.js';

interface Move {
  readonly input: string;
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** Where every code comes from and goes to, known once. */
export function prepareArrange(
  layer: ArrangeLayer,
  tensors: Readonly<Record<string, CodeTensor>>,
): (values: ReadonlyMap<string, Int32Array>) => Int32Array {
  const output = tensors[layer.output]!;
  const moves: readonly Move[] = layer.parts.map((part) => ({
    input: part.input,
    from: indices(part.from, part.size, tensors[part.input]!),
    to: indices(part.to, part.size, output),
  }));
  return (values) => {
    const out = new Int32Array(output.height * output.width * output.channels).fill(layer.fill);
    for (const { input, from, to } of moves) {
      const codes = values.get(input)!;
      for (let i = 0; i < to.length; i++) out[to[i]!] = codes[from[i]!]!;
    }
    return out;
  };
}

/** Of a grid's elements in a map, row by row, channels innermost. */
function indices(grid: ArrangePart['from'], size: ArrangePart['size'], map: CodeTensor): Int32Array {
  const [rows, columns, channels] = size;
  const found = new Int32Array(rows * columns * channels);
  let at = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const pixel = (grid.y + i * grid.yStep) * map.width + grid.x + j * grid.xStep;
      for (let k = 0; k < channels; k++) found[at++] = pixel * map.channels + grid.c + k * grid.cStep;
    }
  }
  return found;
}
