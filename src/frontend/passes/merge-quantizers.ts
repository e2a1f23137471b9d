import type { AffineNode, Graph, GraphNode, QuantNode, UniformQuantizer } from '../graph.js';
import { countUses, isPureClamp, rewired, withNodes } from '../graph-nodes.js';
import { sameSteps } from '../import/grid.js';
import { quantizedCode } from '../quantizer.js';

/**
 * One quantizer where several stand on one grid: those of one tensor are shared; one behind another, with nothing but
 * max pools and clamps between, only narrows its range. A code of a grid is the same code whatever the rounding, since
 * it is a whole number of steps.
 */
export function mergeQuantizers(graph: Graph): Graph {
  const uses = countUses(graph);
  const renamed = new Map<string, string>();
  const now = (name: string): string => renamed.get(name) ?? name;
  const nodes: GraphNode[] = [];
  const makers = new Map<string, number>();
  const put = (node: GraphNode): void => {
    makers.set(node.output, nodes.length);
    nodes.push(node);
  };
  const isEnd = (node: GraphNode): boolean => node.output === graph.output.name;
  for (const given of graph.nodes) {
    const node = rewired(given, now);
    if (node.kind === 'quant') {
      const twin = nodes.find(
        (other) => other.kind === 'quant' && other.input === node.input && sameQuantizer(other, node),
      );
      const grid = gridBehind(nodes, makers, node.input);
      const same = twin?.output ?? (grid !== null && covers(node, grid) ? node.input : null);
      if (same !== null && !(isEnd(node) && twin !== undefined)) {
        merge(node.output, same);
        continue;
      }
    }
    const before = makers.get(operandOf(node));
    const maker = before === undefined ? undefined : nodes[before];
    if (maker?.kind === 'quant' && uses.get(maker.output) === 1) {
      const narrower = narrowed(maker, node);
      if (narrower !== null) {
        nodes[before!] = {
          ...maker,
          quantizer: narrower,
          sources: [...maker.sources, ...node.sources],
          output: node.output,
        };
        makers.set(node.output, before!);
        continue;
      }
    }
    put(node);
  }
  if (nodes.length === graph.nodes.length) return graph;
  return withNodes({ ...graph, output: graph.tensors.get(now(graph.output.name))! }, nodes);

  function merge(gone: string, kept: string): void {
    renamed.set(gone, kept);
    uses.set(kept, (uses.get(kept) ?? 0) - 1 + (uses.get(gone) ?? 0));
  }
}

function operandOf(node: GraphNode): string {
  return node.kind === 'add' ? '' : node.input;
}

function sameQuantizer({ quantizer: a }: QuantNode, { quantizer: b }: QuantNode): boolean {
  if (a.kind === 'bipolar' || b.kind === 'bipolar') {
    return a.kind === 'bipolar' && b.kind === 'bipolar' && a.scale === b.scale;
  }
  return sameSteps(a, b) && a.lo === b.lo && a.hi === b.hi && a.round === b.round && a.zeroInside === b.zeroInside;
}

/** The quantizer on whose grid the tensor's values lie: a max pool gives some of its input's. */
function gridBehind(
  nodes: readonly GraphNode[],
  makers: ReadonlyMap<string, number>,
  name: string,
): UniformQuantizer | null {
  for (let tensor = name; ; ) {
    const maker = nodes[makers.get(tensor) ?? -1];
    if (maker?.kind === 'quant') return maker.quantizer.kind === 'uniform' ? maker.quantizer : null;
    if (maker?.kind !== 'maxpool') return null;
    tensor = maker.input;
  }
}

/** Whether the node leaves every code of the grid as it is. */
function covers({ quantizer }: QuantNode, grid: UniformQuantizer): boolean {
  return (
    quantizer.kind === 'uniform' && sameSteps(quantizer, grid) && quantizer.lo <= grid.lo && quantizer.hi >= grid.hi
  );
}

/** The quantizer that does what `maker` and then `node` do; null where that is none. */
function narrowed({ quantizer }: QuantNode, node: GraphNode): UniformQuantizer | null {
  if (quantizer.kind !== 'uniform') return null;
  if (node.kind === 'quant') {
    const { quantizer: second } = node;
    if (second.kind !== 'uniform' || !sameSteps(quantizer, second)) return null;
    return within(quantizer, second.lo, second.hi);
  }
  return node.kind === 'affine' && isPureClamp(node) ? clamped(quantizer, node) : null;
}

/** A clamp whose ends are codes of the grid, the same for every channel. */
function clamped(quantizer: UniformQuantizer, { clamp }: AffineNode): UniformQuantizer | null {
  const [scale, zero] = [quantizer.scale, quantizer.zero];
  const code = (x: number | null, open: number): number | null => {
    if (x === null) return open;
    // Zero is a code of every grid with whole zero points; other ends of grids of one scale.
    if (zero.length > 1 || !Number.isInteger(zero[0]) || (scale.length > 1 && x !== 0)) return null;
    const wide = { ...quantizer, lo: Number.MIN_SAFE_INTEGER, hi: Number.MAX_SAFE_INTEGER };
    const found = quantizedCode(wide, 0, x);
    return scale[0]! * (found - zero[0]!) === x ? found : null;
  };
  const lo = code(clamp.min, quantizer.lo);
  const hi = code(clamp.max, quantizer.hi);
  return lo === null || hi === null ? null : within(quantizer, lo, hi);
}

function within(quantizer: UniformQuantizer, lo: number, hi: number): UniformQuantizer {
  const bound = (x: number): number => Math.min(hi, Math.max(lo, x));
  return { ...quantizer, lo: bound(quantizer.lo), hi: bound(quantizer.hi) };
}
