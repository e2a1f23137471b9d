import { isAll } from '../finite.js';
import type { AffineNode, Graph, GraphNode, MulNode, PointwiseNode } from '../graph.js';
import { countUses, isOpen, withNodes } from '../graph-nodes.js';

/**
 * Functions that exporters write in pieces: x * sigmoid(alpha * x), x * tanh(softplus(x)), x * hardsigmoid(x) and
 * x * clip(x + 3, 0, 6) / 6, each one pointwise node, where nothing else sees what lies between.
 */
export function mergePointwise(graph: Graph): Graph {
  const merging = new Merging(graph);
  for (const node of graph.nodes) merging.take(node);
  return merging.result();
}

type Found = Pick<PointwiseNode, 'fn' | 'alpha'> & { readonly gone: readonly GraphNode[] };
type Gate = { readonly input: string; readonly found: Found };

class Merging {
  private readonly uses: ReadonlyMap<string, number>;
  private readonly makers = new Map<string, GraphNode>();
  private readonly gone = new Set<GraphNode>();
  private readonly nodes: GraphNode[] = [];

  constructor(private readonly graph: Graph) {
    this.uses = countUses(graph);
  }

  take(node: GraphNode): void {
    const merged = node.kind === 'mul' ? this.product(node) : node.kind === 'affine' ? this.sixth(node) : null;
    const made = merged ?? node;
    this.makers.set(made.output, made);
    this.nodes.push(made);
  }

  result(): Graph {
    if (this.gone.size === 0) return this.graph;
    return withNodes(
      this.graph,
      this.nodes.filter((node) => !this.gone.has(node)),
    );
  }

  /** What makes a tensor that nothing else sees. */
  private alone(name: string): GraphNode | undefined {
    return this.uses.get(name) === 1 ? this.makers.get(name) : undefined;
  }

  private product(node: MulNode): PointwiseNode | null {
    if (!isOpen(node.clamp)) return null;
    const gate = this.gateOf(node, (maker) => this.gate(maker));
    return gate === null ? null : this.merged(node, gate);
  }

  /** A sixth of x * clip(x + 3, 0, 6). */
  private sixth(node: AffineNode): PointwiseNode | null {
    const product = this.alone(node.input);
    if (product?.kind !== 'mul' || !isOpen(product.clamp) || !isOpen(node.clamp) || !isSixth(node)) return null;
    const gate = this.gateOf(product, (maker) => shiftedClip(maker));
    if (gate === null) return null;
    this.gone.add(product);
    return this.merged({ ...node, sources: [...product.sources, ...node.sources] }, gate);
  }

  private gateOf({ inputs: [a, b] }: MulNode, gate: (maker: GraphNode) => Gate | null): Gate | null {
    for (const [x, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const maker = this.alone(other);
      const found = maker === undefined ? null : gate(maker);
      if (found?.input === x) return found;
    }
    return null;
  }

  /** What x is multiplied by, where that is a function of x. */
  private gate(maker: GraphNode): Gate | null {
    if (maker.kind === 'affine') {
      const clip = isSixth(maker) && isOpen(maker.clamp) ? this.alone(maker.input) : undefined;
      const inner = clip && shiftedClip(clip);
      return inner ? { input: inner.input, found: { ...inner.found, gone: [...inner.found.gone, maker] } } : null;
    }
    if (maker.kind !== 'pointwise') return null;
    const { input, fn, alpha, beta } = maker;
    const before = this.alone(input);
    if (fn === 'sigmoid') {
      const by = before?.kind === 'affine' ? factorOf(before) : null;
      if (by === null || before?.kind !== 'affine') return { input, found: { fn: 'silu', alpha: 1, gone: [maker] } };
      return { input: before.input, found: { fn: 'silu', alpha: by, gone: [before, maker] } };
    }
    if (fn === 'hardsigmoid' && Math.abs(alpha - 1 / 6) < 1e-6 && beta === 0.5) {
      return { input, found: { fn: 'hardswish', alpha: 0, gone: [maker] } };
    }
    if (fn !== 'tanh' || before?.kind !== 'pointwise' || before.fn !== 'softplus') return null;
    return { input: before.input, found: { fn: 'mish', alpha: 0, gone: [before, maker] } };
  }

  private merged({ name, sources, output }: MulNode | AffineNode, { input, found }: Gate): PointwiseNode {
    const { fn, alpha, gone } = found;
    for (const node of gone) this.gone.add(node);
    const all = [...gone.flatMap((node) => node.sources), ...sources];
    return { kind: 'pointwise', name, sources: all, output, input, fn, alpha, beta: 0 };
  }
}

/** clip(x + 3, 0, 6) */
function shiftedClip(node: GraphNode): Gate | null {
  if (node.kind !== 'affine' || node.norm !== undefined) return null;
  const { clamp, scale, shift, input } = node;
  const fits = clamp.min === 0 && clamp.max === 6 && isAll(scale, 1) && isAll(shift, 3);
  return fits ? { input, found: { fn: 'hardswish', alpha: 0, gone: [node] } } : null;
}

function isSixth({ scale, shift, divisor, norm }: AffineNode): boolean {
  if (norm !== undefined || !isAll(shift, 0)) return false;
  return divisor === undefined ? isAll(scale, Math.fround(1 / 6)) : isAll(divisor, 6);
}

/** The one number that a node multiplies all channels by. */
function factorOf({ scale, shift, clamp, norm }: AffineNode): number | null {
  const [by = 0] = scale;
  return norm === undefined && isOpen(clamp) && isAll(shift, 0) && isAll(scale, by) ? by : null;
}
