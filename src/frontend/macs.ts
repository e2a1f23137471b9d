import type { GraphNode, GraphTensor } from './graph.js';

/** Multiplications of a Conv, Gemm or MatMul, padded taps included; 0 for all else (design, useful digit-MACs). */
export function macsOf(node: GraphNode, output: Pick<GraphTensor, 'shape'>): number {
  if (node.kind === 'dense') return node.weights.data.length;
  if (node.kind !== 'conv') return 0;
  const [, , height = 1, width = 1] = output.shape;
  return node.weights.data.length * height * width;
}
