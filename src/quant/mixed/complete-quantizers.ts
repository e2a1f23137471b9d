/**
 * A graph that is quantized in parts, with the quantizers it lacks: ranges of tensors from calibration, weights by least squared
 * error. What the model says itself stays.
 */
import { SystoleError } from '../../base/error.js';
import type { ConvNode, DenseNode, Graph, GraphNode, QuantNode } from '../../frontend/graph.js';
import { operandsOf, rewired, withNodes } from '../../frontend/graph-nodes.js';
import { activationRange, inputRange } from '../activations.js';
import type { Calibration } from '../calibrate.js';
import { endsOf } from '../ends.js';
import { END_BITS, type QuantizeOptions } from '../options.js';
import { quantizeWeights } from '../weights.js';
import { openPlaces } from './open-places.js';

/** @throws SystoleError calibration-needed for a tensor that was not calibrated */
export function completeQuantizers(graph: Graph, calibration: Calibration, options: QuantizeOptions): Graph {
  const open = openPlaces(graph);
  const ends = endsOf(graph.nodes, operandsOf, hasWeights);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const wide = new Set([
    ...inputs,
    ...graph.outputs.map(({ name }) => name),
    ...[...ends.last].map(({ input }) => input),
  ]);
  const bitsOf = (isEnd: boolean, own: number): number => (isEnd && options.ends === END_BITS ? END_BITS : own);
  const made = new Map(graph.tensors);
  // A tensor keeps its name where it becomes codes, its real values get another; an input is named by the model.
  const real = new Map<string, string>();
  const coded = new Map<string, string>();
  const free = (name: string): string => (made.has(name) ? free(`${name}'`) : name);
  for (const name of open.tensors) {
    const other = free(`${name}.${inputs.has(name) ? 'quantized' : 'real'}`);
    (inputs.has(name) ? coded : real).set(name, other);
    made.set(other, { name: other, shape: made.get(name)!.shape });
  }
  const quantizer = (name: string): QuantNode => ({
    ...{ kind: 'quant', name: free(`${name}.quantizer`), sources: [] },
    ...{ input: real.get(name) ?? name, output: coded.get(name) ?? name },
    quantizer: uniformOf(name, inputs.has(name), calibration, bitsOf(wide.has(name), options.activations)),
  });
  const nodes: GraphNode[] = [...open.tensors].filter((name) => inputs.has(name)).map(quantizer);
  for (const node of graph.nodes) {
    // A quantizer of the model's own rounds the real values, not ours.
    const reads = node.kind === 'quant' ? real : coded;
    const read = rewired(node, (name) => reads.get(name) ?? name);
    const isEnd = hasWeights(node) && (ends.first.has(node) || ends.last.has(node));
    const whole = hasWeights(read) && read.codes === undefined ? withCodes(read, bitsOf(isEnd, options.weights)) : read;
    nodes.push({ ...whole, output: real.get(node.output) ?? node.output });
    if (real.has(node.output)) nodes.push(quantizer(node.output));
  }
  return withNodes(graph, nodes, made);
}

function uniformOf(name: string, isInput: boolean, { tensors }: Calibration, bits: number): QuantNode['quantizer'] {
  const statistics = tensors.get(name);
  if (statistics === undefined) {
    throw new SystoleError('calibration-needed', 'a tensor was not calibrated', { where: name });
  }
  const { scale, zero } = isInput ? inputRange(statistics, bits) : activationRange(statistics, bits);
  const grid = { scale: Float32Array.of(scale), zero: Float32Array.of(zero), lo: 0, hi: 2 ** bits - 1 };
  return { kind: 'uniform', ...grid, round: 'half-even', zeroInside: false };
}

function withCodes(node: ConvNode | DenseNode, bits: number): ConvNode | DenseNode {
  const channels = node.bias.data.length;
  const { codes, scales } = quantizeWeights(node.weights.data, channels, bits);
  const taps = codes.length / channels;
  const data = Float32Array.from(codes, (code, i) => code * scales[Math.floor(i / taps)]!);
  const values = { values: Int16Array.from(codes), scale: Float32Array.from(scales), bits, bipolar: bits === 1 };
  return { ...node, weights: { ...node.weights, data }, codes: values };
}

function hasWeights(node: GraphNode): node is ConvNode | DenseNode {
  return node.kind === 'conv' || node.kind === 'dense';
}
