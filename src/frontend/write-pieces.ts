/** A map put together from pieces: one behind the other where a cut parts them, in turn where they are woven. */
import type { Run } from './arrange-runs.js';
import type { ArrangeNode, Shape } from './graph.js';
import { int, type OnnxSink } from './onnx-sink.js';

/** Where its values lie, along axes 1, 2, ... in turn. */
export interface Piece {
  readonly runs: readonly Run[];
  readonly write: () => string;
}

/** The name of a tensor of this shape; places of no piece hold the fill. null where neither cuts nor turns part the pieces. */
export function assembled(sink: OnnxSink, node: ArrangeNode, pieces: readonly Piece[], shape: Shape): string | null {
  const [first] = pieces;
  if (first === undefined) return filled(sink, node, shape);
  const covers = first.runs.every(({ axis, step, count }) => step === 1 && count === shape[axis]);
  if (covers) return first.write();
  for (const { axis } of first.runs) {
    const cuts = cutsAlong(pieces, axis, shape[axis]!);
    if (cuts.length > 2) return stacked(sink, node, pieces, shape, axis, cuts);
  }
  for (const { axis } of first.runs) {
    const step = stepAlong(pieces, axis);
    if (step > 1) return woven(sink, node, pieces, shape, axis, step);
  }
  return null;
}

function filled(sink: OnnxSink, node: ArrangeNode, shape: Shape): string {
  const size = shape.reduce((product, n) => product * n, 1);
  return sink.floats(`${node.name}.fill`, shape, new Float32Array(size).fill(node.fill));
}

const runAlong = (piece: Piece, axis: number): Run => piece.runs[axis - 1]!;

/** Both ends, and every place between that no piece lies across. */
function cutsAlong(pieces: readonly Piece[], axis: number, size: number): number[] {
  const spans = pieces.map((piece) => {
    const { start, step, count } = runAlong(piece, axis);
    return { start, end: start + (count - 1) * step + 1 };
  });
  const ends = new Set([0, size, ...spans.flatMap(({ start, end }) => [start, end])]);
  return [...ends].filter((at) => spans.every(({ start, end }) => at <= start || at >= end)).sort((a, b) => a - b);
}

function stacked(
  sink: OnnxSink,
  node: ArrangeNode,
  pieces: readonly Piece[],
  shape: Shape,
  axis: number,
  cuts: readonly number[],
): string | null {
  const layers = cuts.slice(1).map((end, i) => {
    const begin = cuts[i]!;
    const inside = pieces.filter((piece) => runAlong(piece, axis).start >= begin && runAlong(piece, axis).start < end);
    const moved = inside.map((piece) => along(piece, axis, (run) => ({ ...run, start: run.start - begin })));
    return assembled(sink, node, moved, shape.with(axis, end - begin));
  });
  return allMade(layers) ? sink.apply('Concat', layers, `${node.name}.joined`, [int('axis', axis)]) : null;
}

function along(piece: Piece, axis: number, change: (run: Run) => Run): Piece {
  return { ...piece, runs: piece.runs.map((run) => (run.axis === axis ? change(run) : run)) };
}

function allMade(names: readonly (string | null)[]): names is readonly string[] {
  return names.every((name) => name !== null);
}

/** The step of all pieces along the axis; 1 where they differ. A single index goes with any. */
function stepAlong(pieces: readonly Piece[], axis: number): number {
  const steps = new Set(
    pieces.map((piece) => runAlong(piece, axis)).flatMap(({ step, count }) => (count > 1 ? [step] : [])),
  );
  const [step = 1] = steps;
  return steps.size === 1 ? step : 1;
}

/** Each residue of the step by itself, as long as the longest, and then in turn. */
function woven(
  sink: OnnxSink,
  node: ArrangeNode,
  pieces: readonly Piece[],
  shape: Shape,
  axis: number,
  step: number,
): string | null {
  const length = Math.ceil(shape[axis]! / step);
  const axes = sink.integers(`${node.name}.axes`, [axis + 1]);
  const threads = Array.from({ length: step }, (_, residue) => {
    const own = pieces.filter((piece) => runAlong(piece, axis).start % step === residue);
    const thread = own.map((piece) =>
      along(piece, axis, (run) => ({ ...run, start: (run.start - residue) / step, step: 1 })),
    );
    const made = assembled(sink, node, thread, shape.with(axis, length));
    return made === null ? null : sink.apply('Unsqueeze', [made, axes], `${node.name}.thread`);
  });
  if (!allMade(threads)) return null;
  const all = sink.apply('Concat', threads, `${node.name}.threads`, [int('axis', axis + 1)]);
  const wide = shape.with(axis, length * step);
  const flat = sink.apply('Reshape', [all, sink.integers(`${node.name}.wide`, wide)], `${node.name}.woven`);
  if (wide[axis] === shape[axis]) return flat;
  const [start, end, at] = [0, shape[axis]!, axis].map((n) => sink.integers(`${node.name}.cut`, [n]));
  return sink.apply('Slice', [flat, start!, end!, at!], `${node.name}.cut`);
}
