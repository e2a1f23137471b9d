import { isAll } from '../finite.js';
import type { AffineNode, ConvNode, DenseNode, Graph, GraphNode } from '../graph.js';
import { countUses, isOpen, withNodes } from '../graph-nodes.js';

/**
 * An affine node without clamp before a convolution or dense layer becomes part of its weights and biases. Not before a
 * convolution that pads, unless it only scales: the zeros around the map are not shifted. Weights whose codes the model
 * carries stay as they are.
 */
export function absorbAffine(graph: Graph): Graph {
  const uses = countUses(graph);
  const affines = new Map<string, AffineNode>();
  for (const node of graph.nodes) {
    if (node.kind === 'affine' && isOpen(node.clamp) && uses.get(node.output) === 1) affines.set(node.output, node);
  }
  const gone = new Set<GraphNode>();
  const nodes = graph.nodes.map((node) => {
    const affine = node.kind === 'conv' || node.kind === 'dense' ? affines.get(node.input) : undefined;
    if (affine === undefined || !takes(node as ConvNode | DenseNode, affine)) return node;
    gone.add(affine);
    return absorbed(graph, node as ConvNode | DenseNode, affine);
  });
  return gone.size === 0
    ? graph
    : withNodes(
        graph,
        nodes.filter((node) => !gone.has(node)),
      );
}

function takes(node: ConvNode | DenseNode, affine: AffineNode): boolean {
  if (node.codes !== undefined) return false;
  return node.kind === 'dense' || node.pads.every((n) => n === 0) || isAll(affine.shift, 0);
}

function absorbed(graph: Graph, node: ConvNode | DenseNode, affine: AffineNode): ConvNode | DenseNode {
  const outputs = node.bias.data.length;
  const perOutput = node.weights.data.length / outputs;
  const channelOf = channelsOfWeights(graph, node);
  const data = new Float32Array(node.weights.data.length);
  const bias = Float64Array.from(node.bias.data);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < perOutput; i++) {
      const w = node.weights.data[o * perOutput + i]!;
      const c = channelOf(o, i);
      data[o * perOutput + i] = w * affine.scale[c]!;
      bias[o]! += w * affine.shift[c]!;
    }
  }
  return {
    ...node,
    input: affine.input,
    sources: [...affine.sources, ...node.sources],
    weights: { ...node.weights, data },
    bias: { ...node.bias, data: Float32Array.from(bias) },
  };
}

/** The input channel of weight i of an output. */
function channelsOfWeights(graph: Graph, node: ConvNode | DenseNode): (output: number, i: number) => number {
  if (node.kind === 'dense') {
    const [, , height = 1, width = 1] = graph.tensors.get(node.input)!.shape;
    return (_, i) => Math.floor(i / (height * width));
  }
  const [outputs, perGroup, kh, kw] = node.weights.shape as [number, number, number, number];
  const perGroupOutputs = outputs / node.groups;
  return (o, i) => Math.floor(o / perGroupOutputs) * perGroup + Math.floor(i / (kh * kw));
}
