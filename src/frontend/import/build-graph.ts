import { SystoleError } from '../../base/error.js';
import type { Graph, GraphNode, GraphTensor } from '../graph.js';
import { operandsOf, withOwnOutput } from '../graph-nodes.js';
import type { OnnxModel } from '../onnx/model.js';
import { graphInput, type PinnedInput } from './input-layout.js';
import type { ImportState } from './state.js';
import { unifyVectors } from './unify-vectors.js';
import { type HostValue, shapeOf } from './value.js';

/** @throws SystoleError graph-limit where the array would have nothing to do */
export function buildGraph(model: OnnxModel, pinned: PinnedInput, state: ImportState, output: HostValue): Graph {
  const nodes = neededNodes(state.nodes, output.tensor.name);
  if (nodes.length === 0) {
    throw new SystoleError('graph-limit', 'the network has nothing for the array to compute', {
      where: model.name || 'the graph',
      hint: 'it needs at least one operator besides layout, Softmax and ArgMax',
    });
  }
  const input = graphInput(pinned);
  const tensors = new Map<string, GraphTensor>([[input.name, { name: input.name, shape: input.shape }]]);
  for (const node of nodes) {
    tensors.set(node.output, { name: node.output, shape: shapeOf(state.tensors.get(node.output)!) });
  }
  const graph = {
    name: model.name,
    input,
    output: tensors.get(output.tensor.name)!,
    epilogue: output.steps,
    modelOutput: { name: model.outputs[0]!.name, shape: output.shape },
    nodes,
    tensors,
  };
  return unifyVectors(withOwnOutput(graph));
}

/** Without those of which only the shape was asked. */
function neededNodes(nodes: readonly GraphNode[], output: string): GraphNode[] {
  const needed = new Set([output]);
  const kept = nodes.toReversed().filter((node) => {
    if (!needed.has(node.output)) return false;
    for (const name of operandsOf(node)) needed.add(name);
    return true;
  });
  return kept.reverse();
}
