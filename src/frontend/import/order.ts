/** The nodes that the model's outputs need, each after those it needs. */
import { SystoleError } from '../../base/error.js';
import type { OnnxModel, OnnxNode } from '../onnx/model.js';
import { placeOf, refusal } from './refuse.js';

export interface Ordered {
  /** In the file's own order where that is possible. */
  readonly nodes: readonly OnnxNode[];
  readonly faults: readonly SystoleError[];
}

/** Faults: a name that nothing makes, or that two make; a circle. */
export function orderNodes(model: OnnxModel): Ordered {
  const faults: SystoleError[] = [];
  const makers = makersOf(model, faults);
  const known = new Set(['', ...model.initializers.keys(), ...model.inputs.map((input) => input.name)]);
  for (const { name } of model.outputs) {
    if (makers.has(name) || known.has(name)) continue;
    faults.push(new SystoleError('graph-invalid', 'no node makes an output of the model', { where: name }));
  }
  const live = liveNodes(model, makers);
  const nodes: OnnxNode[] = [];
  const state = new Map<OnnxNode, 'open' | 'done'>();
  for (const root of model.nodes) {
    if (!live.has(root)) continue;
    // Depth first with a stack of its own: a chain of a million nodes is no reason to fall over.
    const stack = [{ node: root, next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      if (top.next === 0 && state.has(top.node)) {
        stack.pop();
        continue;
      }
      state.set(top.node, 'open');
      const name = top.node.inputs[top.next++];
      if (name === undefined) {
        state.set(top.node, 'done');
        nodes.push(top.node);
        stack.pop();
        continue;
      }
      const maker = makers.get(name);
      if (maker === undefined) {
        if (!known.has(name))
          faults.push(refusal('graph-invalid', top.node, 'an input is made by no node', { actual: name }));
      } else if (state.get(maker) === 'open') {
        faults.push(
          refusal('graph-invalid', top.node, 'nodes need each other in a circle', { actual: placeOf(maker) }),
        );
      } else if (!state.has(maker)) {
        stack.push({ node: maker, next: 0 });
      }
    }
  }
  return { nodes, faults };
}

function makersOf(model: OnnxModel, faults: SystoleError[]): Map<string, OnnxNode> {
  const makers = new Map<string, OnnxNode>();
  const taken = new Set([...model.initializers.keys(), ...model.inputs.map((input) => input.name)]);
  for (const node of model.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (makers.has(name) || taken.has(name)) {
        faults.push(refusal('graph-invalid', node, 'a name is made twice', { actual: name }));
      } else {
        makers.set(name, node);
      }
    }
  }
  return makers;
}

function liveNodes(model: OnnxModel, makers: ReadonlyMap<string, OnnxNode>): Set<OnnxNode> {
  const live = new Set<OnnxNode>();
  const names = model.outputs.map((output) => output.name);
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    const maker = makers.get(name);
    if (maker === undefined || live.has(maker)) continue;
    live.add(maker);
    names.push(...maker.inputs);
  }
  return live;
}
