import { SystoleError } from '../../base/error.js';
import type { Graph, GraphNode, GraphTensor } from '../graph.js';
import { operandsOf, withOwnOutputs } from '../graph-nodes.js';
import type { HostStep, ModelOutput } from '../host-step.js';
import type { OnnxModel } from '../onnx/model.js';
import { graphInput, type PinnedInput } from './input-layout.js';
import type { ImportState } from './state.js';
import { unifyVectors } from './unify-vectors.js';
import { shapeOf } from './value.js';

/** @throws SystoleError graph-limit where the array would have nothing to do */
export function buildGraph(
  model: OnnxModel,
  pinned: readonly PinnedInput[],
  state: ImportState,
  modelOutputs: readonly ModelOutput[],
): Graph {
  const host = neededSteps(
    state.host,
    modelOutputs.map(({ value }) => value),
  );
  const nodeOutputs = new Set(state.nodes.map((node) => node.output));
  const left = [...host.flatMap(operandNames), ...modelOutputs.map(({ value }) => value)];
  const leaving = new Set(left.filter((name) => nodeOutputs.has(name)));
  const nodes = neededNodes(state.nodes, leaving);
  if (nodes.length === 0) {
    const [why] = state.leftToHost;
    if (why !== undefined) throw why;
    throw new SystoleError('graph-limit', 'the network has nothing for the array to compute', {
      where: model.name || 'the graph',
      hint: 'it needs at least one operator besides layout, Softmax and ArgMax',
    });
  }
  const inputs = pinned.map(graphInput);
  const read = host.find((step) => operandNames(step).some((name) => inputs.some((input) => input.name === name)));
  if (read !== undefined) throw readsInput(read);
  const tensors = new Map<string, GraphTensor>(inputs.map(({ name, shape }) => [name, { name, shape }]));
  for (const node of nodes) {
    tensors.set(node.output, { name: node.output, shape: shapeOf(state.tensors.get(node.output)!) });
  }
  const outputs = nodes.flatMap((node) => (leaving.has(node.output) ? [tensors.get(node.output)!] : []));
  return unifyVectors(withOwnOutputs({ name: model.name, inputs, outputs, host, modelOutputs, nodes, tensors }));
}

function readsInput({ source }: HostStep): SystoleError {
  return new SystoleError('graph-limit', "the host would need the model's input itself", {
    where: `node ${source}`,
    expected: 'tensors that the array computes',
    hint: 'let the array compute it (a 1x1 convolution passes a tensor on), or do it before the model',
  });
}

/** Without those of which only the shape was asked. */
function neededNodes(nodes: readonly GraphNode[], outputs: ReadonlySet<string>): GraphNode[] {
  const needed = new Set(outputs);
  const kept = nodes.toReversed().filter((node) => {
    if (!needed.has(node.output)) return false;
    for (const name of operandsOf(node)) needed.add(name);
    return true;
  });
  return kept.reverse();
}

function neededSteps(steps: readonly HostStep[], values: readonly string[]): HostStep[] {
  const needed = new Set(values);
  const kept = steps.toReversed().filter((step) => {
    if (!step.outputs.some(({ name }) => needed.has(name))) return false;
    for (const name of operandNames(step)) needed.add(name);
    return true;
  });
  return kept.reverse();
}

function operandNames({ inputs }: HostStep): string[] {
  return inputs.filter((input) => typeof input === 'string');
}
