import type { AffineNode, Graph, GraphNode, Quantizer, QuantNode, UniformQuantizer } from '../graph.js';
import { countUses, isPureClamp, rewired, withNodes, withOutputs } from '../graph-nodes.js';
import { sameSteps } from '../import/grid.js';
import { quantizedCode } from '../quantizer.js';
import { type Range, valueRanges } from './value-ranges.js';

/**
 * One quantizer where several stand on one grid: those of one tensor are shared; one behind another, with nothing but
 * max pools and clamps between, only narrows its range. A code of a grid is the same code whatever the rounding, since
 * it is a whole number of steps. One without a range of its own, a Floor say, has that of the values before it.
 */
export function mergeQuantizers(graph: Graph): Graph {
  const merging = new Merging(graph);
  for (const node of graph.nodes) merging.take(node);
  return merging.result();
}

/** Codes have at most 16 bits. */
const MOST_CODES = 2 ** 16;

class Merging {
  private readonly uses: Map<string, number>;
  private readonly renamed = new Map<string, string>();
  private readonly nodes: GraphNode[] = [];
  /** Index of the quantizer that makes a tensor. */
  private readonly quants = new Map<string, number>();
  /** The quantizer on whose grid a tensor's values lie: a max pool gives some of its input's. */
  private readonly grids = new Map<string, Quantizer>();
  private readonly twins = new Map<string, string>();
  private changed = false;
  private ranges: ReadonlyMap<string, Range> | null = null;

  constructor(private readonly graph: Graph) {
    this.uses = countUses(graph);
  }

  take(given: GraphNode): void {
    const node = this.tightened(rewired(given, (name) => this.now(name)));
    if (node.kind === 'quant' && this.isNeedless(node)) return;
    if (this.narrows(node)) return;
    if (node.kind === 'quant') {
      this.quants.set(node.output, this.nodes.length);
      this.grids.set(node.output, node.quantizer);
      this.twins.set(keyOf(node), node.output);
    }
    const grid = node.kind === 'maxpool' ? this.grids.get(node.input) : undefined;
    if (grid !== undefined) this.grids.set(node.output, grid);
    this.nodes.push(node);
  }

  result(): Graph {
    const { graph, nodes } = this;
    if (!this.changed && nodes.length === graph.nodes.length) return graph;
    return withNodes(
      withOutputs(graph, (name) => this.now(name)),
      nodes,
    );
  }

  private now(name: string): string {
    return this.renamed.get(name) ?? name;
  }

  private tightened(node: GraphNode): GraphNode {
    if (node.kind !== 'quant' || node.quantizer.kind !== 'uniform') return node;
    const { quantizer } = node;
    if (quantizer.hi - quantizer.lo < MOST_CODES || quantizer.scale.length > 1 || quantizer.zero.length > 1)
      return node;
    this.changed = true;
    this.ranges ??= valueRanges(this.graph);
    const [min, max] = this.ranges.get(node.input) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const [lo, hi] = [quantizedCode(quantizer, 0, min), quantizedCode(quantizer, 0, max)];
    return { ...node, quantizer: { ...quantizer, lo, hi } };
  }

  /** What it makes is there already. */
  private isNeedless(node: QuantNode): boolean {
    const grid = this.grids.get(node.input);
    const same = grid !== undefined && covers(node.quantizer, grid) ? node.input : this.twins.get(keyOf(node));
    if (same === undefined) return false;
    this.renamed.set(node.output, same);
    this.count(node.input, -1);
    this.count(same, this.uses.get(node.output) ?? 0);
    return true;
  }

  /** It only takes codes from the quantizer before it, of which nothing else sees the others. */
  private narrows(node: GraphNode): boolean {
    if (node.kind !== 'quant' && node.kind !== 'affine') return false;
    const index = this.quants.get(node.input);
    const maker = index === undefined ? undefined : this.nodes[index];
    if (maker?.kind !== 'quant' || this.uses.get(maker.output) !== 1) return false;
    const quantizer = narrowed(maker.quantizer, node);
    if (quantizer === null) return false;
    this.nodes[index!] = { ...maker, quantizer, sources: [...maker.sources, ...node.sources], output: node.output };
    this.quants.set(node.output, index!);
    this.grids.set(node.output, quantizer);
    // Another like it would have to see the codes that are gone.
    this.twins.delete(keyOf(maker));
    return true;
  }

  private count(name: string, more: number): void {
    this.uses.set(name, (this.uses.get(name) ?? 0) + more);
  }
}

/** Nodes with one key make the same tensor. */
function keyOf({ input, quantizer }: QuantNode): string {
  if (quantizer.kind === 'bipolar') return `${input}:${quantizer.scale}`;
  if (quantizer.kind === 'thresholds') {
    return `${input}:${quantizer.scale}:${quantizer.bias}:${quantizer.thresholds.join(';')}`;
  }
  const { scale, zero, lo, hi, round, zeroInside } = quantizer;
  return `${input}:${scale.join()}:${zero.join()}:${lo}:${hi}:${round}:${zeroInside}`;
}

/** Whether the node leaves every code of the grid as it is. */
function covers(quantizer: Quantizer, grid: Quantizer): boolean {
  if (quantizer.kind !== 'uniform' || grid.kind !== 'uniform') return false;
  return sameSteps(quantizer, grid) && quantizer.lo <= grid.lo && quantizer.hi >= grid.hi;
}

/** The quantizer that does what `maker` and then `node` do; null where that is none. */
function narrowed(quantizer: Quantizer, node: GraphNode): UniformQuantizer | null {
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
  const lo = code(clamp.min, Number.NEGATIVE_INFINITY);
  const hi = code(clamp.max, Number.POSITIVE_INFINITY);
  return lo === null || hi === null ? null : within(quantizer, lo, hi);
}

function within(quantizer: UniformQuantizer, lo: number, hi: number): UniformQuantizer {
  const bound = (x: number): number => Math.min(hi, Math.max(lo, x));
  return { ...quantizer, lo: bound(quantizer.lo), hi: bound(quantizer.hi) };
}
