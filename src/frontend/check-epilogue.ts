import type { Fail } from './check-graph.js';
import { shapesAfter } from './check-host.js';
import type { Graph, InputLayout, Shape } from './graph.js';

/** The steps at both ends: from the model's inputs to the graph's, from the graph's outputs to the model's. */
export function checkEpilogue(graph: Graph, fail: Fail): void {
  for (const { name, shape, layout } of graph.inputs) {
    if (layout !== undefined) checkLayout(layout, shape, (rule) => fail(rule, name));
  }
  const shapes = new Map<string, Shape>();
  for (const { name, shape } of graph.outputs) {
    if (graph.tensors.get(name)?.shape.join() !== shape.join()) fail('an output has two shapes', name);
    shapes.set(name, shape);
  }
  for (const step of graph.host) {
    const operands = step.inputs.map((input) => {
      if (typeof input !== 'string') return input.constant.shape;
      return shapes.get(input) ?? fail(`the host's step reads ${input}, which is not there`, step.source);
    });
    const made = shapesAfter(step, operands, fail);
    for (const [i, { name, shape }] of step.outputs.entries()) {
      if (graph.tensors.has(name) || shapes.has(name)) fail('the host makes a value that is there', name);
      if (made[i]?.join() !== shape.join()) fail(`the host makes ${made[i]?.join('x')}, not ${shape.join('x')}`, name);
      shapes.set(name, shape);
    }
  }
  checkModelOutputs(graph, shapes, fail);
}

function checkModelOutputs({ modelOutputs, tensors }: Graph, shapes: ReadonlyMap<string, Shape>, fail: Fail): void {
  const names = new Set(modelOutputs.map(({ name }) => name));
  if (names.size < modelOutputs.length || names.size === 0) fail('model outputs have no names of their own', 'outputs');
  for (const { name, value, shape } of modelOutputs) {
    const found = shapes.get(value);
    if (found?.join() !== shape.join()) fail(`its value is ${found?.join('x')}, not ${shape.join('x')}`, name);
    if (name !== value && tensors.has(name)) fail('the model output has the name of a tensor before it', name);
  }
}

function checkLayout(layout: InputLayout, shape: Shape, fail: (rule: string) => never): void {
  const total = size(shape);
  if (size(layout.split) !== total || size(layout.modelShape) !== total)
    fail('the layout has another number of values');
  const axes = layout.permutation;
  const isPermutation = axes.length === layout.split.length && new Set(axes).size === axes.length;
  if (!isPermutation || axes.some((axis) => layout.split[axis] === undefined))
    fail('the layout permutes axes that it has not');
}

function size(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}
