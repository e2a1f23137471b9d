/** Questions that every pass asks of a graph. */
import { isAll } from './finite.js';
import type { Clamp, Graph, GraphNode } from './graph.js';

/** Tensors that the node reads, in order; one that several parts of an arrangement are taken from stands once. */
export function operandsOf(node: GraphNode): readonly string[] {
  switch (node.kind) {
    case 'add':
    case 'mul':
      return node.inputs;
    case 'arrange':
      return [...new Set(node.parts.map((part) => part.input))];
    default:
      return [node.input];
  }
}

/** The node with its operands under their new names. */
export function rewired(node: GraphNode, now: (name: string) => string): GraphNode {
  switch (node.kind) {
    case 'add':
    case 'mul':
      return { ...node, inputs: [now(node.inputs[0]), now(node.inputs[1])] };
    case 'arrange':
      return { ...node, parts: node.parts.map((part) => ({ ...part, input: now(part.input) })) };
    default:
      return { ...node, input: now(node.input) };
  }
}

/** The name, or one like it that is not taken. */
export function unusedName(taken: { has(name: string): boolean }, wanted: string): string {
  let name = wanted;
  while (taken.has(name)) name += "'";
  return name;
}

/** How often each tensor is used, those that leave the array once more. */
export function countUses(graph: Graph): Map<string, number> {
  const uses = new Map<string, number>(graph.outputs.map(({ name }) => [name, 1]));
  for (const node of graph.nodes) {
    for (const name of operandsOf(node)) uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  return uses;
}

/** The graph with other nodes: tensors that none of them names are left out, new ones are given. */
export function withNodes(graph: Graph, nodes: readonly GraphNode[], made: Graph['tensors'] = graph.tensors): Graph {
  const names = [...graph.inputs.map(({ name }) => name), ...nodes.map((node) => node.output)];
  const tensors = new Map(names.map((name) => [name, made.get(name) ?? graph.tensors.get(name)!]));
  return { ...graph, nodes, tensors };
}

/** Nodes that end in a clamp of their own. */
export function hasClamp(node: GraphNode): node is Extract<GraphNode, { readonly clamp: Clamp }> {
  return 'clamp' in node;
}

export function isOpen(clamp: Clamp): boolean {
  return clamp.min === null && clamp.max === null;
}

/** An affine node that only clamps, if that. */
export function isPureClamp(node: { readonly scale: Float32Array; readonly shift: Float32Array }): boolean {
  return isAll(node.scale, 1) && isAll(node.shift, 0);
}

/** The clamp that does what `first` and then `second` do. */
export function clampBoth(first: Clamp, second: Clamp): Clamp {
  const low = (x: number): number => (second.min === null ? x : Math.max(x, second.min));
  const high = (x: number): number => (second.max === null ? x : Math.min(x, second.max));
  const both = (x: number): number => high(low(x));
  return {
    min: first.min === null ? second.min : both(first.min),
    max: first.max === null ? second.max : both(first.max),
  };
}

/** What leaves the array under other names: each tensor once. */
export function withOutputs(graph: Graph, now: (name: string) => string): Graph {
  const names = new Set(graph.outputs.map(({ name }) => now(name)));
  return {
    ...graph,
    outputs: [...names].map((name) => graph.tensors.get(name)!),
    host: graph.host.map((step) => ({ ...step, inputs: step.inputs.map((x) => (typeof x === 'string' ? now(x) : x)) })),
    modelOutputs: graph.modelOutputs.map((output) => ({ ...output, value: now(output.value) })),
  };
}

/** A model output and a tensor that is not its value have two names, even where ONNX sees one: a map of one row, say. */
export function withOwnOutputs(graph: Graph): Graph {
  const foreign = graph.modelOutputs.filter(({ name, value }) => name !== value && graph.tensors.has(name));
  if (foreign.length === 0) return graph;
  const taken = new Set([...graph.tensors.keys(), ...graph.host.flatMap(({ outputs }) => outputs.map((o) => o.name))]);
  const names = new Map<string, string>();
  for (const { name } of foreign) {
    const own = unusedName(taken, `${name}.map`);
    taken.add(own);
    names.set(name, own);
  }
  const now = (name: string): string => names.get(name) ?? name;
  const tensors = [...graph.tensors.values()].map((tensor) => ({ ...tensor, name: now(tensor.name) }));
  const renamed = {
    ...graph,
    nodes: graph.nodes.map((node) => ({ ...rewired(node, now), output: now(node.output) })),
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
  };
  return withOutputs(renamed, now);
}
