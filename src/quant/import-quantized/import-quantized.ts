/** A graph that arrives quantized -> integer network: the model's own codes, scales and rounding; nothing is calibrated. */
import type { Graph, GraphInput } from '../../frontend/graph.js';
import { operandsOf } from '../../frontend/graph-nodes.js';
import type { RequantizeWidths } from '../certificate.js';
import { checkNetwork } from '../check-network.js';
import { mapShape } from '../map-shape.js';
import type { CodeTensor, IntegerNetwork } from '../network.js';
import { networkInput } from '../network-input.js';
import { dyadic } from '../rational.js';
import { NetworkParts } from './network-parts.js';
import { networkOutputs } from './outputs.js';
import { paddedTensors } from './padded-tensors.js';
import type { Value } from './values.js';
import { nodeValue, unquantized, type Walk } from './walk.js';

type InputCodes = Pick<CodeTensor, 'bits' | 'scale' | 'zero'>;

export interface ImportOptions {
  readonly widths: RequantizeWidths;
  /** Entries of a table, as a power of two; 10 where absent. */
  readonly tableBits?: number;
  /** Codes of inputs that the model does not quantize itself. */
  readonly input?: InputCodes;
}

const TABLE_BITS = 10;

/**
 * @throws SystoleError network-unsupported where a tensor in front of the array has no quantizer, or one that no
 * integer network has; accumulator-range beyond 32 bits
 */
export function importQuantized(graph: Graph, options: ImportOptions): IntegerNetwork {
  const { widths, tableBits = TABLE_BITS, input: given } = options;
  const parts = new NetworkParts(graph, { widths, tableBits });
  const values = new Map<string, Value>();
  for (const input of graph.inputs) {
    const open = given !== undefined && !isQuantized(graph, input);
    values.set(input.name, open ? givenInput(graph, parts, input.name, given) : realInput(graph, input.name));
  }
  const walk: Walk = { graph, parts, padded: paddedTensors(graph), values };
  for (const node of graph.nodes) values.set(node.output, nodeValue(walk, node));
  const outputs = networkOutputs(walk);
  const network: IntegerNetwork = {
    name: graph.name,
    inputs: graph.inputs.map((input) => {
      const made = parts.inputs.get(input.name);
      if (made === undefined) throw unquantized(input.name);
      return networkInput(input, made.tensor, made.quantizer);
    }),
    outputs,
    host: graph.host,
    modelOutputs: graph.modelOutputs,
    tensors: Object.fromEntries(parts.tensors),
    layers: parts.layers,
  };
  checkNetwork(network);
  return network;
}

/** Every reader of an input, scaling aside, is a quantizer that the host computes. */
export function quantizesInput(graph: Graph): boolean {
  return graph.inputs.every((input) => isQuantized(graph, input));
}

function isQuantized(graph: Graph, { name }: GraphInput): boolean {
  const real = new Set([name]);
  for (const node of graph.nodes) {
    if (!operandsOf(node).some((operand) => real.has(operand))) continue;
    if (node.kind === 'quant' && node.quantizer.kind !== 'thresholds') continue;
    if (node.kind !== 'affine' && node.kind !== 'arrange') return false;
    real.add(node.output);
  }
  return true;
}

function realInput(graph: Graph, name: string): Value {
  return { kind: 'input', name, shape: mapShape(graph, name), before: [] };
}

function givenInput(graph: Graph, parts: NetworkParts, name: string, { bits, scale, zero }: InputCodes): Value {
  parts.tensors.set(name, { name, ...mapShape(graph, name), bits, scale, zero });
  parts.inputs.set(name, { tensor: name, quantizer: null });
  return { kind: 'coded', tensor: name, scales: [dyadic(scale)], zero, most: 2 ** bits - 1 };
}
