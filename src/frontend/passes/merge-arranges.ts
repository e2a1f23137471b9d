import { separated } from '../arrange-runs.js';
import type { ArrangeNode, ArrangePart, Graph, GraphNode, MapGrid, Shape } from '../graph.js';
import { operandsOf, rewired, withNodes } from '../graph-nodes.js';
import { runsOf } from '../import/placement.js';

/**
 * A rearranged map that only others read vanishes in them: slices of joined maps, shuffles there and back. What is left
 * of a map that is everywhere itself goes too, unless it makes an output.
 */
export function mergeArranges(graph: Graph): Graph {
  const inner = innerArranges(graph);
  const arranges = new Map<string, ArrangeNode>();
  const renamed = new Map<string, string>();
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const nodes: GraphNode[] = [];
  for (const given of graph.nodes) {
    const node = rewired(given, (name) => renamed.get(name) ?? name);
    if (node.kind !== 'arrange') {
      nodes.push(node);
      continue;
    }
    const shape = graph.tensors.get(node.output)!.shape;
    const sources = operandsOf(node).flatMap((name) => (inner.has(name) ? (arranges.get(name) ?? []) : []));
    const made = sources.reduce((outer, one) => within(outer, one, shape), simplified(node, shape));
    if (isWhole(graph, made) && !outputs.has(node.output)) {
      renamed.set(node.output, made.parts[0]!.input);
      continue;
    }
    arranges.set(made.output, made);
    nodes.push(made);
  }
  return withNodes(graph, needed(nodes, outputs));
}

/** Rearranged maps that nothing but rearrangements read. */
function innerArranges(graph: Graph): ReadonlySet<string> {
  const others = graph.nodes.filter(({ kind }) => kind !== 'arrange').flatMap(operandsOf);
  const read = new Set([...others, ...graph.outputs.map(({ name }) => name)]);
  const made = graph.nodes.filter(({ kind }) => kind === 'arrange').map(({ output }) => output);
  return new Set(made.filter((name) => !read.has(name)));
}

/** Without nodes of which nothing is taken any more. */
function needed(nodes: readonly GraphNode[], outputs: ReadonlySet<string>): GraphNode[] {
  const read = new Set(outputs);
  const kept = nodes.toReversed().filter((node) => {
    if (!read.has(node.output)) return false;
    for (const name of operandsOf(node)) read.add(name);
    return true;
  });
  return kept.reverse();
}

function isWhole(graph: Graph, { output, parts }: ArrangeNode): boolean {
  const [part] = parts;
  const shape = graph.tensors.get(output)!.shape;
  if (parts.length !== 1 || shape.join() !== graph.tensors.get(part!.input)!.shape.join()) return false;
  const [, channels = 1, height = 1, width = 1] = shape;
  return part!.size.join() === [height, width, channels].join();
}

/** Few parts for the same places. */
function simplified(node: ArrangeNode, shape: Shape): ArrangeNode {
  const { parts } = node;
  const lists = parts.length > 1 ? separated(parts, shape) : null;
  if (lists === null) return node;
  const [c, y, x] = [0, 1, 2].map((i) => runsOf([...(lists[i] ?? [0])].map((index) => (index < 0 ? null : index))));
  if (c!.length * y!.length * x!.length >= parts.length) return node;
  const few = y!.flatMap((row) =>
    x!.flatMap((column) =>
      c!.map(
        (channel): ArrangePart => ({
          input: parts[0]!.input,
          from: {
            y: row.from,
            x: column.from,
            c: channel.from,
            ...steps(row.fromStep, column.fromStep, channel.fromStep),
          },
          to: { y: row.to, x: column.to, c: channel.to, ...steps(row.toStep, column.toStep, channel.toStep) },
          size: [row.count, column.count, channel.count],
        }),
      ),
    ),
  );
  return { ...node, parts: few };
}

function steps(yStep: number, xStep: number, cStep: number): Pick<MapGrid, 'yStep' | 'xStep' | 'cStep'> {
  return { yStep, xStep, cStep };
}

/** The outer node reading what the inner one reads; the outer one itself where that would take more parts, or two fills. */
function within(outer: ArrangeNode, inner: ArrangeNode, shape: Shape): ArrangeNode {
  const parts = outer.parts.flatMap((part) =>
    part.input === inner.output ? inner.parts.flatMap((source) => through(part, source)) : [part],
  );
  const size = (all: readonly ArrangePart[]): number => all.reduce((sum, { size: [a, b, c] }) => sum + a * b * c, 0);
  const takesFill = size(parts) < size(outer.parts);
  const isFull = size(outer.parts) === shape.reduce((product, n) => product * n, 1);
  if (parts.length === 0 || (takesFill && !isFull && inner.fill !== outer.fill)) return outer;
  const fill = takesFill ? inner.fill : outer.fill;
  const both = simplified(
    { ...outer, sources: [...new Set([...inner.sources, ...outer.sources])], parts, fill },
    shape,
  );
  return both.parts.length > outer.parts.length + inner.parts.length ? outer : both;
}

/** What the outer part takes of the inner one. */
function through(outer: ArrangePart, inner: ArrangePart): ArrangePart[] {
  const rows = met(outer.from.y, outer.from.yStep, outer.size[0], inner.to.y, inner.to.yStep, inner.size[0]);
  const columns = met(outer.from.x, outer.from.xStep, outer.size[1], inner.to.x, inner.to.xStep, inner.size[1]);
  const channels = met(outer.from.c, outer.from.cStep, outer.size[2], inner.to.c, inner.to.cStep, inner.size[2]);
  if (rows === null || columns === null || channels === null) return [];
  const place = (grid: MapGrid, of: 'outer' | 'inner'): MapGrid => ({
    y: grid.y + rows[of].first * grid.yStep,
    x: grid.x + columns[of].first * grid.xStep,
    c: grid.c + channels[of].first * grid.cStep,
    ...steps(grid.yStep * rows[of].step, grid.xStep * columns[of].step, grid.cStep * channels[of].step),
  });
  const size = [rows.count, columns.count, channels.count] as const;
  return [{ input: inner.input, from: place(inner.from, 'inner'), to: place(outer.to, 'outer'), size }];
}

interface Met {
  /** Indices of both runs that are at the same places. */
  readonly outer: { readonly first: number; readonly step: number };
  readonly inner: { readonly first: number; readonly step: number };
  readonly count: number;
}

/** Where two runs of places meet: start, step and count of each. */
function met(a: number, aStep: number, aCount: number, b: number, bStep: number, bCount: number): Met | null {
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0; i < aCount && pairs.length < 2; i++) {
    const j = (a + i * aStep - b) / bStep;
    if (Number.isInteger(j) && j >= 0 && j < bCount) pairs.push([i, j]);
  }
  const [first, second] = pairs;
  if (first === undefined) return null;
  const step = second === undefined ? ([1, 1] as const) : ([second[0] - first[0], second[1] - first[1]] as const);
  const room = Math.min((aCount - 1 - first[0]) / step[0], (bCount - 1 - first[1]) / step[1]);
  const count = second === undefined ? 1 : Math.floor(room) + 1;
  return { outer: { first: first[0], step: step[0] }, inner: { first: first[1], step: step[1] }, count };
}
