import type { Graph, GraphNode, GraphTensor } from '../graph.js';
import { countUses, hasClamp, isPureClamp, unusedName, withNodes } from '../graph-nodes.js';

/**
 * Convolution, max pool, clamp -> convolution, clamp, max pool: a clamp is monotone, so it may go first, and there it
 * becomes part of the node before it. Only where that node takes it and nothing else sees the tensors between.
 */
export function clampBeforeMaxpool(graph: Graph): Graph {
  const uses = countUses(graph);
  const nodes: GraphNode[] = [];
  const at = new Map<string, number>();
  const made = new Map<string, GraphTensor>(graph.tensors);
  const put = (node: GraphNode, index: number): void => {
    nodes[index] = node;
    at.set(node.output, index);
  };
  for (const node of graph.nodes) {
    const index = node.kind === 'affine' ? at.get(node.input) : undefined;
    const pool = index === undefined ? undefined : nodes[index];
    if (node.kind === 'affine' && pool?.kind === 'maxpool' && isPureClamp(node)) {
      const before = nodes[at.get(pool.input) ?? -1];
      const alone = uses.get(pool.output) === 1 && uses.get(pool.input) === 1;
      if (alone && before !== undefined && hasClamp(before)) {
        const tensor = { name: unusedName(made, `${node.output}.clamped`), shape: made.get(pool.input)!.shape };
        made.set(tensor.name, tensor);
        uses.set(tensor.name, 1);
        put({ ...node, input: pool.input, output: tensor.name }, index!);
        put({ ...pool, input: tensor.name, output: node.output }, nodes.length);
        continue;
      }
    }
    put(node, nodes.length);
  }
  return withNodes(graph, nodes, made);
}
