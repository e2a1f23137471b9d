import type { ConvNode, DenseNode, Graph, WeightCodes } from '../graph.js';
import { withNodes } from '../graph-nodes.js';
import { bitsFor } from '../onnx/integers.js';

/** Codes of weights; biases have more bits. */
const FEWEST_BITS = 2;
const MOST_BITS = 16;

/**
 * Weights of a quantized model that are whole numbers are codes of scale 1, though no operator says so: networks of
 * integers in float clothes (FINN behind its streamlining, NEMO, Quantlab) write them as plain constants.
 */
export function integerWeights(graph: Graph): Graph {
  if (!graph.nodes.some((node) => node.kind === 'quant')) return graph;
  return withNodes(
    graph,
    graph.nodes.map((node) => (node.kind === 'conv' || node.kind === 'dense' ? coded(node) : node)),
  );
}

function coded<T extends ConvNode | DenseNode>(node: T): T {
  if (node.codes !== undefined) return node;
  const codes = codesOf(node.weights.data);
  return codes === null ? node : { ...node, codes };
}

/** null where they are no whole numbers, or too large ones. */
function codesOf(weights: Float32Array): WeightCodes | null {
  let [lo, hi] = [0, 0];
  let bipolar = true;
  for (const w of weights) {
    if (!Number.isInteger(w)) return null;
    lo = Math.min(lo, w);
    hi = Math.max(hi, w);
    bipolar &&= w === 1 || w === -1;
  }
  const bits = bipolar ? 1 : Math.max(FEWEST_BITS, bitsFor([lo, hi]));
  if (bits > MOST_BITS) return null;
  return { values: Int16Array.from(weights), scale: Float32Array.of(1), bits, bipolar };
}
