/** Which nodes become one layer: a sum's only reader takes it over, so that it is rounded once. */
import type { AddNode, ConvNode, DenseNode, Graph, GraphNode, PointwiseNode } from '../frontend/graph.js';
import { countUses, hasClamp, isOpen } from '../frontend/graph-nodes.js';
import { averageRegions } from './lower-average.js';

export interface Fusion {
  /** By output of an add: the convolution that its layer computes. */
  readonly hosts: ReadonlyMap<string, ConvNode | DenseNode>;
  /** By output of a pointwise function: the node whose result it is applied to. */
  readonly arguments: ReadonlyMap<string, GraphNode>;
  /** Tensors that are never codes of their own. */
  readonly absorbed: ReadonlySet<string>;
}

/** @param takesSum whether the function may stand in the layer of a sum */
export function planFusion(graph: Graph, takesSum: (node: PointwiseNode) => boolean): Fusion {
  const uses = countUses(graph);
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  const order = new Map(graph.nodes.map((node, i) => [node.output, i]));
  const hosts = new Map<string, ConvNode | DenseNode>();
  const functionArguments = new Map<string, GraphNode>();
  for (const node of graph.nodes) {
    if (node.kind === 'add' && node.inputs[0] !== node.inputs[1]) {
      const host = hostOf(graph, node, { producers, order, uses });
      if (host !== null) hosts.set(node.output, host);
    }
    if (node.kind !== 'pointwise' || uses.get(node.input) !== 1 || !takesSum(node)) continue;
    const argument = producers.get(node.input);
    if (argument !== undefined && endsInSum(graph, argument, node)) functionArguments.set(node.output, argument);
  }
  const absorbed = [...hosts.values(), ...functionArguments.values()].map((node) => node.output);
  return { hosts, arguments: functionArguments, absorbed: new Set(absorbed) };
}

interface Surroundings {
  readonly producers: ReadonlyMap<string, GraphNode>;
  readonly order: ReadonlyMap<string, number>;
  readonly uses: ReadonlyMap<string, number>;
}

/** The later operand that is an unclamped convolution of the sum's own shape, used by nothing else. */
function hostOf(graph: Graph, node: AddNode, { producers, order, uses }: Surroundings): ConvNode | DenseNode | null {
  const operands = [...node.inputs].sort((a, b) => (order.get(b) ?? -1) - (order.get(a) ?? -1));
  for (const name of operands) {
    const producer = producers.get(name);
    if (producer?.kind !== 'conv' && producer?.kind !== 'dense') continue;
    if (uses.get(name) === 1 && isOpen(producer.clamp) && sameShape(graph, name, node.output)) return producer;
  }
  return null;
}

export function sameShape(graph: Graph, a: string, b: string): boolean {
  const size = (name: string): string => (graph.tensors.get(name)?.shape ?? []).slice(1).join('x');
  return size(a) === size(b);
}

function endsInSum(graph: Graph, node: GraphNode, { fn }: PointwiseNode): boolean {
  const isSum = ['conv', 'dense', 'add', 'affine', 'mul', 'averagepool'].includes(node.kind);
  if (!isSum || !hasClamp(node)) return false;
  if (node.kind === 'mul' && node.inputs[0] === node.inputs[1]) return false;
  if (node.kind === 'averagepool' && averageRegions(graph, node).length > 1) return false;
  // These become part of the sum or of its limits.
  if (fn === 'hardsigmoid') return isOpen(node.clamp) && node.kind !== 'mul';
  return fn !== 'sign' || isOpen(node.clamp);
}
