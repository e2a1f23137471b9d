import { separated } from '../arrange-runs.js';
import type { ArrangeNode, ConvNode, Graph, GraphNode } from '../graph.js';
import { countUses, withNodes } from '../graph-nodes.js';

/**
 * Channels in another order before a convolution that nothing else reads: its weights take the order. Weights whose codes
 * the model carries stay as they are.
 */
export function absorbShuffle(graph: Graph): Graph {
  const uses = countUses(graph);
  const shuffles = new Map<string, ArrangeNode>();
  for (const node of graph.nodes) {
    if (node.kind === 'arrange' && uses.get(node.output) === 1) shuffles.set(node.output, node);
  }
  const gone = new Set<GraphNode>();
  const nodes = graph.nodes.map((node) => {
    const shuffle =
      node.kind === 'conv' && node.groups === 1 && node.codes === undefined ? shuffles.get(node.input) : undefined;
    const order = shuffle === undefined ? null : orderOf(graph, shuffle);
    if (order === null) return node;
    gone.add(shuffle!);
    return ordered(node as ConvNode, shuffle!, order);
  });
  return gone.size === 0
    ? graph
    : withNodes(
        graph,
        nodes.filter((node) => !gone.has(node)),
      );
}

/** For each channel that of the input; null for anything but every channel of one input once. */
function orderOf(graph: Graph, { output, parts }: ArrangeNode): Int32Array | null {
  const { shape } = graph.tensors.get(output)!;
  if (graph.tensors.get(parts[0]!.input)!.shape.join() !== shape.join()) return null;
  const [channels, ...space] = separated(parts, shape) ?? [];
  const stays = space.every((list) => list.every((index, i) => index === i));
  if (channels === undefined || !stays || channels.includes(-1) || new Set(channels).size < channels.length)
    return null;
  return channels;
}

function ordered(node: ConvNode, shuffle: ArrangeNode, order: Int32Array): ConvNode {
  const [outputs, inputs, kh, kw] = node.weights.shape as [number, number, number, number];
  const taps = kh * kw;
  const data = new Float32Array(node.weights.data.length);
  for (let o = 0; o < outputs; o++) {
    for (const [c, from] of order.entries()) {
      const kernel = node.weights.data.subarray((o * inputs + c) * taps, (o * inputs + c + 1) * taps);
      data.set(kernel, (o * inputs + from) * taps);
    }
  }
  return {
    ...node,
    input: shuffle.parts[0]!.input,
    sources: [...shuffle.sources, ...node.sources],
    weights: { ...node.weights, data },
  };
}
