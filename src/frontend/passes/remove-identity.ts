import type { Graph, GraphNode } from '../graph.js';
import { isOpen, isPureClamp, rewired, withNodes } from '../graph-nodes.js';

/** Takes out affine nodes that change nothing, unless one is all that makes the output of the input. */
export function removeIdentity(graph: Graph): Graph {
  const renamed = new Map<string, string>();
  const now = (name: string): string => renamed.get(name) ?? name;
  const kept: GraphNode[] = [];
  for (const node of graph.nodes) {
    const moved = rewired(node, now);
    const isIdentity = moved.kind === 'affine' && isOpen(moved.clamp) && isPureClamp(moved);
    const isWholePath =
      node.output === graph.output.name && moved.kind === 'affine' && moved.input === graph.input.name;
    if (isIdentity && !isWholePath) renamed.set(node.output, moved.input);
    else kept.push(moved);
  }
  if (renamed.size === 0) return graph;
  return withNodes({ ...graph, output: graph.tensors.get(now(graph.output.name))! }, kept);
}
