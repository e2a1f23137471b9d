/**
 * An average pool that leaves the border out divides by another number of taps there: regions of the output with one number
 * each, every one a pool of its own on a slice of the input, put side by side again.
 */
import type { ArrangePart, AveragePoolNode, Graph, MapGrid } from '../frontend/graph.js';
import { tapsInside } from '../frontend/window-taps.js';
import type { FloatArrange, FloatLayer, MapShape } from './float-network.js';
import { lowerAverage } from './lower-sum.js';
import { mapShape } from './map-shape.js';

interface Span {
  /** Output rows or columns. */
  readonly start: number;
  readonly count: number;
  /** Taps of each that lie inside the map. */
  readonly taps: number;
}

interface Region {
  readonly rows: Span;
  readonly columns: Span;
}

/** One where all windows have as many taps. */
export function averageRegions(graph: Graph, node: AveragePoolNode): Region[] {
  const output = mapShape(graph, node.output);
  const [kh, kw] = node.kernel;
  if (node.border !== 'excluded') {
    return [
      { rows: { start: 0, count: output.height, taps: kh }, columns: { start: 0, count: output.width, taps: kw } },
    ];
  }
  const input = mapShape(graph, node.input);
  const rows = spans(tapsInside(node, input, output, 0));
  const columns = spans(tapsInside(node, input, output, 1));
  return rows.flatMap((row) => columns.map((column) => ({ rows: row, columns: column })));
}

function spans(taps: readonly number[]): Span[] {
  const found: Span[] = [];
  taps.forEach((count, at) => {
    const last = found.at(-1);
    if (last?.taps === count) found[found.length - 1] = { ...last, count: last.count + 1 };
    else found.push({ start: at, count: 1, taps: count });
  });
  return found;
}

/** One layer made for a region, and the shape of what it makes. */
export interface AveragePart {
  readonly layer: FloatLayer;
  readonly shape: MapShape;
  /** The tensor of the graph with such values. */
  readonly seenAs: string;
}

/** For several regions: slices, pools, and the arrangement at the end. */
export function lowerRegions(graph: Graph, node: AveragePoolNode, regions: readonly Region[]): AveragePart[] {
  const input = mapShape(graph, node.input);
  const output = mapShape(graph, node.output);
  const made: AveragePart[] = [];
  const parts: ArrangePart[] = [];
  regions.forEach(({ rows, columns }, i) => {
    const name = `${node.name}.region${i}`;
    const [vertical, horizontal] = [needed(node, rows, input.height, 0), needed(node, columns, input.width, 1)];
    const slice = { height: vertical.count, width: horizontal.count, channels: input.channels };
    const whole = slice.height === input.height && slice.width === input.width;
    const source = whole ? node.input : `${name}.in`;
    if (!whole) {
      const from = { ...ORIGIN, y: vertical.start, x: horizontal.start };
      const part = { input: node.input, from, to: ORIGIN, size: [slice.height, slice.width, slice.channels] } as const;
      const layer = arrange(`${name}.slice`, node, source, [part]);
      made.push({ layer, shape: slice, seenAs: node.input });
    }
    const pads = [vertical.before, horizontal.before, vertical.after, horizontal.after] as const;
    const pool = lowerAverage({ ...node, name, pads }, source, input.channels, rows.taps * columns.taps);
    const shape = { height: rows.count, width: columns.count, channels: input.channels };
    made.push({ layer: { ...pool, output: `${name}.out` }, shape, seenAs: node.output });
    const to = { ...ORIGIN, y: rows.start, x: columns.start };
    parts.push({ input: `${name}.out`, from: ORIGIN, to, size: [rows.count, columns.count, input.channels] });
  });
  made.push({ layer: arrange(node.name, node, node.output, parts), shape: output, seenAs: node.output });
  return made;
}

const ORIGIN: MapGrid = { y: 0, x: 0, c: 0, yStep: 1, xStep: 1, cStep: 1 };

function arrange(name: string, { sources }: AveragePoolNode, output: string, parts: ArrangePart[]): FloatArrange {
  return { kind: 'arrange', name, sources, output, parts, fill: 0 };
}

interface Needed {
  readonly start: number;
  readonly count: number;
  readonly before: number;
  readonly after: number;
}

/** Input rows or columns that the windows of a span touch, and how far they stand over. */
function needed(node: AveragePoolNode, span: Span, size: number, axis: 0 | 1): Needed {
  const first = span.start * node.strides[axis] - node.pads[axis];
  const last = first + (span.count - 1) * node.strides[axis] + (node.kernel[axis] - 1) * node.dilations[axis];
  const start = Math.max(0, first);
  const end = Math.min(size - 1, last);
  return { start, count: end - start + 1, before: start - first, after: last - end };
}
