import type { Graph, GraphNode } from '../graph.js';
import { isOpen, isPureClamp, rewired, withNodes, withOutputs } from '../graph-nodes.js';

/** Takes out affine nodes that change nothing, unless one is all that makes an output of an input. */
export function removeIdentity(graph: Graph): Graph {
  const renamed = new Map<string, string>();
  const now = (name: string): string => renamed.get(name) ?? name;
  const kept: GraphNode[] = [];
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  for (const node of graph.nodes) {
    const moved = rewired(node, now);
    const isIdentity = moved.kind === 'affine' && isOpen(moved.clamp) && isPureClamp(moved);
    const isWholePath = outputs.has(node.output) && moved.kind === 'affine' && inputs.has(moved.input);
    if (isIdentity && !isWholePath) renamed.set(node.output, moved.input);
    else kept.push(moved);
  }
  if (renamed.size === 0) return graph;
  return withNodes(withOutputs(graph, now), kept);
}
