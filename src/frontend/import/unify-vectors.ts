import type { Graph, GraphInput, GraphNode, GraphTensor } from '../graph.js';
import { operandsOf, unusedName, withOwnOutputs } from '../graph-nodes.js';
import type { HostStep } from '../host-step.js';

/**
 * A vector [1, C] becomes the map [1, C, 1, 1] where a window slides over it, or where it is added to one.
 * ONNX flattens and unflattens such tensors for nothing; nodes of the graph agree on one shape.
 */
export function unifyVectors(graph: Graph): Graph {
  const users = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    for (const name of [...operandsOf(node), node.output]) {
      const list = users.get(name);
      if (list === undefined) users.set(name, [node]);
      else list.push(node);
    }
  }
  const isMap = (name: string): boolean => maps.has(name) || graph.tensors.get(name)!.shape.length === 4;
  const maps = new Set<string>();
  const promote = (name: string): GraphNode[] => {
    if (isMap(name)) return [];
    maps.add(name);
    return users.get(name) ?? [];
  };
  const work = [...graph.nodes];
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    const names = [...operandsOf(node), node.output];
    if (isElementwise(node)) {
      if (names.some(isMap)) for (const name of names) work.push(...promote(name));
    } else if (node.kind !== 'dense') {
      for (const name of names) work.push(...promote(name));
    }
  }
  return maps.size === 0 ? graph : promoted(graph, maps);
}

function isElementwise({ kind }: GraphNode): boolean {
  return kind === 'add' || kind === 'mul' || kind === 'affine' || kind === 'quant' || kind === 'pointwise';
}

function promoted(graph: Graph, maps: ReadonlySet<string>): Graph {
  const asMap = (tensor: GraphTensor): GraphTensor =>
    maps.has(tensor.name) ? { name: tensor.name, shape: [...tensor.shape, 1, 1] } : tensor;
  const tensors = new Map([...graph.tensors].map(([name, tensor]) => [name, asMap(tensor)]));
  const turned = {
    ...graph,
    tensors,
    inputs: graph.inputs.map((input) => (maps.has(input.name) ? mapInput(input) : input)),
    outputs: graph.outputs.map(asMap),
  };
  const asVector = graph.outputs.filter((output) => maps.has(output.name) && needsVector(graph, output.name));
  return withOwnOutputs(asVector.reduce(withVector, turned));
}

/** Whoever reshapes it does not mind. */
function needsVector(graph: Graph, name: string): boolean {
  const isUsed = graph.host.some(({ op, inputs }) => op.kind !== 'reshape' && inputs.includes(name));
  return isUsed || graph.modelOutputs.some(({ value }) => value === name);
}

/** The host reads the output as the vector that it was. */
function withVector(graph: Graph, { name, shape }: GraphTensor): Graph {
  const taken = new Set([...graph.tensors.keys(), ...graph.host.flatMap(({ outputs }) => outputs.map((o) => o.name))]);
  const vector = unusedName(taken, `${name}.vector`);
  const now = (old: string): string => (old === name ? vector : old);
  const back: HostStep = { op: { kind: 'reshape' }, inputs: [name], outputs: [{ name: vector, shape }], source: name };
  const host = graph.host.map((step) => ({
    ...step,
    inputs: step.inputs.map((x) => (typeof x === 'string' ? now(x) : x)),
  }));
  const modelOutputs = graph.modelOutputs.map((output) => ({ ...output, value: now(output.value) }));
  return { ...graph, host: [back, ...host], modelOutputs };
}

function mapInput(input: GraphInput): GraphInput {
  const { name, shape } = input;
  const own = { modelShape: shape, split: [shape[1]!], permutation: [0] };
  return { name, shape: [...shape, 1, 1], layout: input.layout ?? own };
}
