/** A graph that arrives quantized -> integer network: the model's own codes, scales and rounding; nothing is calibrated. */
import type { Graph } from '../../frontend/graph.js';
import { operandsOf } from '../../frontend/graph-nodes.js';
import type { RequantizeWidths } from '../certificate.js';
import { checkNetwork } from '../check-network.js';
import { mapShape } from '../lower.js';
import type { CodeTensor, IntegerNetwork, OutputTensor } from '../network.js';
import { networkInput } from '../network-input.js';
import { weightSums } from '../quantize-layer.js';
import { dyadic, toNumber } from '../rational.js';
import { identityPending } from './layer-base.js';
import { NetworkParts } from './network-parts.js';
import { paddedTensors } from './padded-tensors.js';
import { countedFrom, slopeAndOffset } from './real-form.js';
import type { Coded, Pending } from './values.js';
import { nodeValue, unquantized, type Value, type Walk } from './walk.js';

export interface ImportOptions {
  readonly widths: RequantizeWidths;
  /** Codes of an input that the model does not quantize itself. */
  readonly input?: Pick<CodeTensor, 'bits' | 'scale' | 'zero'>;
}

/**
 * @throws SystoleError network-unsupported where a tensor in front of the array has no quantizer, or one that no
 * integer network has; accumulator-range beyond 32 bits
 */
export function importQuantized(graph: Graph, { widths, input: given }: ImportOptions): IntegerNetwork {
  const parts = new NetworkParts(graph, widths);
  const values = new Map<string, Value>([[graph.inputs[0]!.name, { kind: 'input', before: [] }]]);
  if (given !== undefined && !quantizesInput(graph)) values.set(graph.inputs[0]!.name, givenInput(graph, parts, given));
  const walk: Walk = { graph, parts, padded: paddedTensors(graph), values };
  for (const node of graph.nodes) values.set(node.output, nodeValue(walk, node));
  const output = outputStage(walk);
  if (parts.input === null) throw unquantized(graph.inputs[0]!.name);
  const { tensor, quantizer } = parts.input;
  const network: IntegerNetwork = {
    name: graph.name,
    inputs: [networkInput(graph.inputs[0]!, tensor, quantizer)],
    outputs: [output],
    host: graph.host,
    modelOutputs: graph.modelOutputs,
    tensors: Object.fromEntries(parts.tensors),
    layers: parts.layers,
  };
  checkNetwork(network);
  return network;
}

/** Every reader of the input, scaling aside, is a quantizer. */
export function quantizesInput(graph: Graph): boolean {
  const real = new Set([graph.inputs[0]!.name]);
  for (const node of graph.nodes) {
    if (!operandsOf(node).some((name) => real.has(name))) continue;
    if (node.kind === 'quant') continue;
    if (node.kind !== 'affine') return false;
    real.add(node.output);
  }
  return true;
}

function givenInput(graph: Graph, parts: NetworkParts, given: NonNullable<ImportOptions['input']>): Coded {
  const tensor = graph.inputs[0]!.name;
  parts.addTensor(tensor, tensor, given);
  parts.input = { tensor, quantizer: null };
  return { kind: 'coded', tensor, scales: [dyadic(given.scale)], zero: given.zero, most: 2 ** given.bits - 1 };
}

function outputStage({ graph, parts, values }: Walk): OutputTensor {
  const { name, shape } = graph.outputs[0]!;
  const value = values.get(name)!;
  const stage = { name, shape };
  if (value.kind === 'input') throw unquantized(name);
  if (value.kind === 'coded' && value.scales.length === 1 && value.tensor !== parts.input?.tensor) {
    return {
      ...stage,
      tensor: value.tensor,
      form: 'codes',
      scale: [Math.fround(toNumber(value.scales[0]!))],
      bias: [],
    };
  }
  const pending = value.kind === 'coded' ? copyOf(graph, value) : value;
  const bounded = pending.channels.some(({ bounds }) => bounds.length > 0);
  if (bounded || pending.residual !== null || pending.pools.length > 0) throw unquantized(name);
  const tensor = parts.tensors.has(name) ? `${name}.raw` : name;
  parts.leaveRaw(pending, tensor);
  // The model sums products of values around zero: so does the host, before it rounds for the first time.
  const offset = weightSums(pending.base.weights, pending.channels.length).map((sum) => sum * pending.input.zero);
  const lines = pending.channels.map(
    ({ form }, c) => slopeAndOffset(countedFrom(form, offset[c]!)).map(Math.fround) as [number, number],
  );
  return {
    ...stage,
    tensor,
    form: 'accumulators',
    ...(offset.some((x) => x !== 0) ? { offset } : {}),
    scale: lines.map(([scale]) => scale),
    bias: lines.map(([, bias]) => bias),
  };
}

function copyOf(graph: Graph, codes: Coded): Pending {
  const { name } = graph.outputs[0]!;
  return identityPending({ name, output: name, sources: [] }, codes, mapShape(graph, name).channels);
}
