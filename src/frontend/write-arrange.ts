/** A rearranged map as the plainest ONNX operators that make it: slices, Concat, Gather along axes, or of single values. */
import { type Run, runsOf, separated } from './arrange-runs.js';
import type { ArrangeNode, ArrangePart, MapGrid, Shape } from './graph.js';
import { int, type OnnxSink } from './onnx-sink.js';
import { assembled, type Piece } from './write-pieces.js';

type ShapeOf = (name: string) => Shape;

export function writeArrange(sink: OnnxSink, node: ArrangeNode, shapeOf: ShapeOf): void {
  const output = shapeOf(node.output);
  const lists = node.parts.length > 1 ? separated(node.parts, output) : null;
  if (lists?.every((list) => !list.includes(-1))) {
    const input = node.parts[0]!.input;
    const last = lists.reduce((name, list, i) => picked(sink, node, name, i + 1, list, shapeOf(input)), input);
    sink.emit('Identity', [last], node.output);
    return;
  }
  const pieces = node.parts.map((part): Piece => {
    const runs = runsOf(part.to, part.size, output.length);
    return { runs, write: () => sliced(sink, node, part, shapeOf(part.input)) };
  });
  const whole = assembled(sink, node, pieces, output);
  if (whole === null) scattered(sink, node, shapeOf, output);
  else sink.emit('Identity', [whole], node.output);
}

function sliced(sink: OnnxSink, node: ArrangeNode, { input, from, size }: ArrangePart, shape: Shape): string {
  const cuts = runsOf(from, size, shape.length).filter(({ axis, count }) => count !== shape[axis]);
  if (cuts.length === 0) return input;
  const constant = (name: string, of: (cut: Run) => number): string =>
    sink.integers(`${node.name}.${name}`, cuts.map(of));
  const inputs = [
    input,
    constant('starts', ({ start }) => start),
    constant('ends', ({ start, step, count }) => start + (count - 1) * step + 1),
    constant('axes', ({ axis }) => axis),
    constant('steps', ({ step }) => step),
  ];
  return sink.apply('Slice', inputs, `${node.name}.part`);
}

function picked(sink: OnnxSink, node: ArrangeNode, from: string, axis: number, list: Int32Array, input: Shape): string {
  if (list.length === input[axis] && list.every((index, i) => index === i)) return from;
  const indices = sink.indices(`${node.name}.indices`, list);
  return sink.apply('Gather', [from, indices], `${node.name}.picked`, [int('axis', axis)]);
}

/** One index for each value of the output, into all inputs behind one another and the fill at their end. */
function scattered(sink: OnnxSink, node: ArrangeNode, shapeOf: ShapeOf, output: Shape): void {
  const inputs = [...new Set(node.parts.map((part) => part.input))];
  const offsets = new Map<string, number>();
  let end = 0;
  for (const name of inputs) {
    offsets.set(name, end);
    end += elements(shapeOf(name));
  }
  const flat = sink.integers(`${node.name}.flat`, [-1]);
  const vectors = inputs.map((name) => sink.apply('Reshape', [name, flat], `${node.name}.vector`));
  const fill = sink.floats(`${node.name}.fill`, [1], Float32Array.of(node.fill));
  const all = sink.apply('Concat', [...vectors, fill], `${node.name}.all`, [int('axis', 0)]);
  const indices = new Int32Array(elements(output)).fill(end);
  for (const part of node.parts) {
    place(indices, part, shapeOf(part.input), output, offsets.get(part.input)!);
  }
  const gathered = sink.apply('Gather', [all, sink.indices(`${node.name}.indices`, indices)], `${node.name}.values`);
  sink.emit('Reshape', [gathered, sink.integers(`${node.name}.shape`, output)], node.output);
}

function place(
  indices: Int32Array,
  { from, to, size }: ArrangePart,
  input: Shape,
  output: Shape,
  offset: number,
): void {
  const [rows, columns, channels] = size;
  const at = ([, , height = 1, width = 1]: Shape, grid: MapGrid, i: number, k: number): number =>
    ((grid.c + k * grid.cStep) * height + grid.y + i * grid.yStep) * width + grid.x;
  for (let k = 0; k < channels; k++) {
    for (let i = 0; i < rows; i++) {
      const source = offset + at(input, from, i, k);
      const target = at(output, to, i, k);
      for (let j = 0; j < columns; j++) indices[target + j * to.xStep] = source + j * from.xStep;
    }
  }
}

function elements(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}
