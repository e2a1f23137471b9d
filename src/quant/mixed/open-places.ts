/** What a graph with quantizers leaves open: tensors that a layer reads as codes though no quantizer stands behind them, and weights. */
import type { AddNode, Graph, GraphNode } from '../../frontend/graph.js';
import { hasClamp, isOpen, isPureClamp, operandsOf } from '../../frontend/graph-nodes.js';
import { sameShape } from '../fusion.js';

export interface OpenPlaces {
  /** Inputs among them. */
  readonly tensors: ReadonlySet<string>;
  /** Some layer's weights have no codes. */
  readonly weights: boolean;
}

export function openPlaces(graph: Graph): OpenPlaces {
  const tensors = new Set<string>();
  let weights = false;
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  const coded = new Set<string>();
  const need = (name: string): void => {
    if (coded.has(name)) return;
    tensors.add(name);
    coded.add(name);
  };
  for (const node of graph.nodes) {
    switch (node.kind) {
      case 'quant':
        coded.add(node.output);
        break;
      case 'conv':
      case 'dense':
        need(node.input);
        weights ||= node.codes === undefined;
        break;
      case 'averagepool':
        need(node.input);
        break;
      case 'mul':
        node.inputs.forEach(need);
        break;
      case 'add':
        for (const name of readAsCodes(graph, node, producers, coded)) need(name);
        break;
      default:
        if (staysCoded(node) && operandsOf(node).every((name) => coded.has(name))) coded.add(node.output);
    }
  }
  for (const { name } of graph.outputs) if (!leavesBare(name, producers)) need(name);
  return { tensors, weights };
}

/** Codes are moved, compared, clamped or worth more, nothing else. */
function staysCoded(node: GraphNode): boolean {
  if (node.kind === 'maxpool' || node.kind === 'arrange') return true;
  if (node.kind !== 'affine' || node.norm !== undefined || node.divisor !== undefined) return false;
  const scales = isOpen(node.clamp) && node.shift.every((x) => x === 0) && node.scale.every((s) => s > 0);
  return scales || isPureClamp(node);
}

/** A sum that is not rounded yet takes the other operand as its residual. */
function readAsCodes(
  graph: Graph,
  { inputs, output }: AddNode,
  producers: ReadonlyMap<string, GraphNode>,
  coded: ReadonlySet<string>,
): readonly string[] {
  const [a, b] = inputs;
  if (a === b) return [a];
  const isSum = (name: string): boolean => {
    const producer = producers.get(name);
    const sums = producer?.kind === 'conv' || producer?.kind === 'dense';
    return sums && !coded.has(name) && isOpen(producer.clamp) && sameShape(graph, name, output);
  };
  const host = inputs.find(isSum);
  return inputs.filter((name) => name !== host);
}

/** Accumulators that leave as they are, scaled and shifted by the host. */
function leavesBare(name: string, producers: ReadonlyMap<string, GraphNode>): boolean {
  const producer = producers.get(name);
  if (producer === undefined || !hasClamp(producer) || !isOpen(producer.clamp)) return false;
  if (producer.kind === 'affine') return leavesBare(producer.input, producers);
  return producer.kind === 'conv' || producer.kind === 'dense' || producer.kind === 'averagepool';
}
