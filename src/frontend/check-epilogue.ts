import type { Fail } from './check-graph.js';
import type { EpilogueStep, Graph, InputLayout, Shape } from './graph.js';

/** The steps at both ends: from the model's input to the graph's, from the graph's output to the model's. */
export function checkEpilogue(graph: Graph, fail: Fail): void {
  const { input, output, modelOutput } = graph;
  if (input.layout !== undefined) checkLayout(input.layout, input.shape, (rule) => fail(rule, input.name));
  if (graph.tensors.get(output.name)?.shape.join() !== output.shape.join())
    fail('the output has two shapes', output.name);
  if (graph.epilogue.length > 0 && graph.tensors.has(modelOutput.name)) {
    fail('the model output has the name of a tensor before it', modelOutput.name);
  }
  const made = graph.epilogue.reduce((shape, step) => shapeAfter(step, shape, fail), output.shape);
  if (made.join() !== modelOutput.shape.join()) {
    fail(`the epilogue makes ${made.join('x')} of it, not ${modelOutput.shape.join('x')}`, modelOutput.name);
  }
}

function checkLayout(layout: InputLayout, shape: Shape, fail: (rule: string) => never): void {
  const total = size(shape);
  if (size(layout.split) !== total || size(layout.modelShape) !== total)
    fail('the layout has another number of values');
  if (!isPermutation(layout.permutation, layout.split.length)) fail('the layout permutes axes that it has not');
}

export function shapeAfter(step: EpilogueStep, shape: Shape, fail: Fail): Shape {
  switch (step.kind) {
    case 'reshape':
      if (size(step.shape) !== size(shape))
        fail(`${shape.join('x')} does not fill ${step.shape.join('x')}`, step.source);
      return step.shape;
    case 'transpose':
      if (!isPermutation(step.permutation, shape.length))
        fail('a transpose permutes axes that are not there', step.source);
      return step.permutation.map((axis) => shape[axis]!);
    case 'sigmoid':
      return shape;
    case 'quantize':
      if (step.quantizer.scale.length !== 1 || step.quantizer.zero.length !== 1)
        fail('the host quantizes with several scales', step.source);
      return shape;
    case 'softmax':
    case 'argmax': {
      const { axis } = step;
      if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) fail(`there is no axis ${axis}`, step.source);
      if (step.kind === 'softmax') return shape;
      return step.keepdims ? shape.with(axis, 1) : shape.toSpliced(axis, 1);
    }
  }
}

function isPermutation(axes: readonly number[], rank: number): boolean {
  return (
    axes.length === rank && new Set(axes).size === rank && axes.every((a) => Number.isInteger(a) && a >= 0 && a < rank)
  );
}

function size(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}
