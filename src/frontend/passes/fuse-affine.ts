import type { AffineNode, Clamp, ConvNode, DenseNode, Graph, GraphNode } from '../graph.js';
import { clampBoth, countUses, hasClamp, isOpen, isPureClamp, withNodes } from '../graph-nodes.js';

/** A node and what it has taken in so far; its weights are multiplied once, at the end. */
interface Open {
  readonly node: GraphNode;
  readonly sources: string[];
  output: string;
  clamp: Clamp;
  /** To come after the node, before the clamp. */
  factors: { readonly scale: Float32Array; readonly shift: Float32Array } | null;
}

/**
 * Batch norms, constants and clamps become part of the node before them, where nothing else sees what lies between:
 * scale and shift of the weights and biases of a convolution, dense or affine node that does not clamp; a clamp alone
 * of any node that has one. Where a model is quantized, only clamps: its constants stay as they are, so that every step
 * of its quantizers can be told exactly.
 */
export function fuseAffine(graph: Graph): Graph {
  const uses = countUses(graph);
  const quantized = graph.nodes.some((node) => node.kind === 'quant');
  const makers = new Map<string, Open>();
  const open: Open[] = [];
  for (const node of graph.nodes) {
    const maker = node.kind === 'affine' && uses.get(node.input) === 1 ? makers.get(node.input) : undefined;
    if (maker !== undefined && node.kind === 'affine' && takes(maker, node, quantized)) {
      takeIn(maker, node);
      makers.set(node.output, maker);
      continue;
    }
    const clamp = hasClamp(node) ? node.clamp : { min: null, max: null };
    const own: Open = { node, sources: [...node.sources], output: node.output, clamp, factors: null };
    open.push(own);
    makers.set(node.output, own);
  }
  return withNodes(graph, open.map(close));
}

function takes(maker: Open, affine: AffineNode, quantized: boolean): boolean {
  const { node } = maker;
  if (!hasClamp(node)) return false;
  if (isPureClamp(affine)) return true;
  if (quantized || !isOpen(maker.clamp)) return false;
  return node.kind === 'conv' || node.kind === 'dense' || node.kind === 'affine';
}

function takeIn(maker: Open, affine: AffineNode): void {
  maker.sources.push(...affine.sources);
  maker.output = affine.output;
  maker.clamp = clampBoth(maker.clamp, affine.clamp);
  if (isPureClamp(affine)) return;
  const { scale, shift } = affine;
  const before = maker.factors;
  maker.factors =
    before === null
      ? { scale, shift }
      : {
          scale: before.scale.map((s, c) => s * scale[c]!),
          shift: before.shift.map((s, c) => s * scale[c]! + shift[c]!),
        };
}

function close({ node, sources, output, clamp, factors }: Open): GraphNode {
  if (!hasClamp(node)) return node;
  const rest = { sources, output, clamp };
  if (factors === null) return { ...node, ...rest };
  if (node.kind === 'conv' || node.kind === 'dense') return { ...scaled(node, factors), ...rest };
  if (node.kind !== 'affine') return { ...node, ...rest };
  const scale = node.scale.map((s, c) => s * factors.scale[c]!);
  const { norm: _, divisor: __, ...plain } = node;
  return { ...plain, scale, shift: shifted(node.shift, factors), ...rest };
}

type Factors = NonNullable<Open['factors']>;

function scaled<T extends ConvNode | DenseNode>(node: T, factors: Factors): T {
  const taps = node.weights.data.length / factors.scale.length;
  const data = new Float32Array(node.weights.data.length);
  for (let c = 0; c < factors.scale.length; c++) {
    const scale = factors.scale[c]!;
    for (let i = c * taps; i < (c + 1) * taps; i++) data[i] = node.weights.data[i]! * scale;
  }
  return {
    ...node,
    weights: { ...node.weights, data },
    bias: { ...node.bias, data: shifted(node.bias.data, factors) },
  };
}

function shifted(bias: Float32Array, factors: Factors): Float32Array {
  return bias.map((b, c) => b * factors.scale[c]! + factors.shift[c]!);
}
