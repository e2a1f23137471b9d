/** A model in ONNX Runtime against its graph, written back to ONNX, in ONNX Runtime. */
import { randomSource } from '../../src/base/random.js';
import { openFloatModel } from '../../src/frontend/float-model.js';
import type { Graph } from '../../src/frontend/graph.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import { importOnnx } from '../../src/frontend/import-onnx.js';
import { runSteps } from '../../src/quant/host/run-steps.js';
import { buildOnnx, type ModelRecipe, randomValues } from './onnx-builder.js';

export interface Comparison {
  readonly graph: Graph;
  /** Largest difference over all inputs and values, as a part of the largest value of the model's own output. */
  readonly difference: number;
}

export interface ComparisonOptions {
  readonly inputShape?: readonly number[];
  readonly inputs?: number;
  readonly low?: number;
  readonly high?: number;
}

/**
 * Every output: of the graph in ONNX Runtime, and of the host's steps on what leaves the array there.
 * Throws where the outputs differ in size or the names do.
 */
export async function compareWithRuntime(bytes: Uint8Array, options: ComparisonOptions = {}): Promise<Comparison> {
  const graph = importOnnx(bytes, options.inputShape === undefined ? {} : { inputShape: options.inputShape });
  const shapes = graph.inputs.map(({ layout, shape }) => layout?.modelShape ?? shape);
  const random = randomSource(7);
  const source = await openFloatModel(bytes, { asWritten: true });
  const made = await openFloatModel(graphToOnnx(graph, { outputs: graph.outputs.map(({ name }) => name) }));
  let [difference, largest] = [0, 0];
  const compare = (expected: Float32Array, found: Float32Array): void => {
    if (found.length !== expected.length) throw new Error(`${found.length} values instead of ${expected.length}`);
    for (const [k, value] of expected.entries()) {
      difference = Math.max(difference, Math.abs(found[k]! - value));
      largest = Math.max(largest, Math.abs(value));
      if (Number.isNaN(found[k]! - value)) difference = Number.NaN;
    }
  };
  try {
    for (let i = 0; i < (options.inputs ?? 2); i++) {
      const inputs = shapes.map((shape) => {
        const size = shape.reduce((a, b) => a * b, 1);
        return randomValues(size, random, options.low ?? -1, options.high ?? 1);
      });
      const expected = await source.run(inputs, shapes.length === 1 ? shapes[0] : undefined);
      const found = await made.run(inputs);
      const byHost = hostOutputs(graph, found);
      for (const { name } of graph.modelOutputs) {
        compare(expected.get(name)!, found.get(name)!);
        compare(expected.get(name)!, byHost.get(name)!);
      }
    }
  } finally {
    await source.close();
    await made.close();
  }
  return { graph, difference: difference / Math.max(largest, 1e-6) };
}

/** @param tensors those that leave the array, among others */
function hostOutputs(graph: Graph, tensors: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  const values = new Map(graph.outputs.map(({ name, shape }) => [name, { shape, data: tensors.get(name)! }]));
  runSteps(graph.host, values);
  return new Map(graph.modelOutputs.map(({ name, value }) => [name, values.get(value)!.data]));
}

/** Float32 sums of a few hundred terms in another order. */
const ROUNDING = 3e-6;

/** The graph of a model that computes what ONNX Runtime computes of it; throws otherwise. */
export async function sameAsRuntime(recipe: ModelRecipe, options: ComparisonOptions = {}): Promise<Graph> {
  const { graph, difference } = await compareWithRuntime(buildOnnx(recipe), options);
  if (!(difference <= ROUNDING)) throw new Error(`the graph differs from ONNX Runtime by ${difference}`);
  return graph;
}
