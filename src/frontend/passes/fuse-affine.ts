import type { AffineNode, ConvNode, DenseNode, Graph, GraphNode } from '../graph.js';
import { clampBoth, countUses, isOpen, isPureClamp, withNodes } from '../graph-nodes.js';

/**
 * Batch norms, constants and clamps become part of the node before them, where nothing else sees what lies between:
 * scale and shift of the weights and biases of a convolution, dense or affine node that does not clamp; a clamp alone
 * of any node that has one.
 */
export function fuseAffine(graph: Graph): Graph {
  const uses = countUses(graph);
  const nodes: GraphNode[] = [];
  const at = new Map<string, number>();
  for (const node of graph.nodes) {
    const index = node.kind === 'affine' && uses.get(node.input) === 1 ? at.get(node.input) : undefined;
    const fused = index === undefined ? null : fuse(nodes[index]!, node as AffineNode);
    if (fused === null) nodes.push(node);
    else nodes[index!] = fused;
    at.set(node.output, fused === null ? nodes.length - 1 : index!);
  }
  return withNodes(graph, nodes);
}

/** null where the first node cannot take the second. */
function fuse(first: GraphNode, affine: AffineNode): GraphNode | null {
  if (first.kind === 'maxpool') return null;
  const sources = [...first.sources, ...affine.sources];
  const clamp = clampBoth(first.clamp, affine.clamp);
  if (isPureClamp(affine)) return { ...first, sources, output: affine.output, clamp };
  if (!isOpen(first.clamp)) return null;
  const rest = { sources, output: affine.output, clamp };
  if (first.kind === 'conv' || first.kind === 'dense') return { ...scaled(first, affine), ...rest };
  if (first.kind !== 'affine') return null;
  const shift = shifted(first.shift, affine);
  return { ...first, scale: first.scale.map((s, c) => s * affine.scale[c]!), shift, ...rest };
}

function scaled<T extends ConvNode | DenseNode>(node: T, affine: AffineNode): T {
  const taps = node.weights.data.length / affine.scale.length;
  const data = new Float32Array(node.weights.data.length);
  for (let c = 0; c < affine.scale.length; c++) {
    const scale = affine.scale[c]!;
    for (let i = c * taps; i < (c + 1) * taps; i++) data[i] = node.weights.data[i]! * scale;
  }
  return {
    ...node,
    weights: { ...node.weights, data },
    bias: { ...node.bias, data: shifted(node.bias.data, affine) },
  };
}

function shifted(bias: Float32Array, affine: AffineNode): Float32Array {
  return bias.map((b, c) => b * affine.scale[c]! + affine.shift[c]!);
}
