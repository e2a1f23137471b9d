/**
 * The graph after all passes, written back to ONNX and run in ONNX Runtime, against what the test expects; and the host's
 * steps, as the runtimes do them, on what leaves the array there.
 */
import { openFloatModel } from '../../src/frontend/float-model.js';
import type { Constant, Graph } from '../../src/frontend/graph.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import { runSteps } from '../../src/quant/host/run-steps.js';
import type { Run } from './forms.js';
import { firstDifference } from './tolerance.js';

/** The first difference in words; null without one. */
export async function floatDifference(graph: Graph, runs: readonly Run[]): Promise<string | null> {
  const outputs = graph.outputs.map(({ name }) => name);
  const model = await openFloatModel(graphToOnnx(graph, { outputs }), { asWritten: true });
  try {
    for (const run of runs) {
      const inputs = graph.inputs.map(({ name }) => run.inputs[name]!);
      const found = await model.run(inputs);
      const values = graph.modelOutputs.map(({ name }) => found.get(name)!);
      const difference = firstDifference(chosen(graph, values), run.outputs);
      if (difference !== null) return difference;
      const onHost = firstDifference(chosen(graph, hostOutputs(graph, found)), run.outputs);
      if (onHost !== null) return `the host's steps: ${onHost}`;
    }
    return null;
  } finally {
    await model.close();
  }
}

/** NonMaxSuppression chooses as many boxes as there are; ours has room for all that it may choose, -1 where there are fewer. */
function chosen({ host, modelOutputs }: Graph, values: readonly Float32Array[]): Float32Array[] {
  return values.map((rows, i) => {
    const maker = host.find(({ outputs }) => outputs.some(({ name }) => name === modelOutputs[i]!.value));
    const end = rows.indexOf(-1);
    return maker?.op.kind === 'nms' && end >= 0 ? rows.subarray(0, end) : rows;
  });
}

function hostOutputs(graph: Graph, found: ReadonlyMap<string, Float32Array>): Float32Array[] {
  const arrived = graph.outputs.map(({ name, shape }) => [name, { shape, data: found.get(name)! }] as const);
  const values = new Map<string, Constant>(arrived);
  runSteps(graph.host, values);
  return graph.modelOutputs.map(({ value }) => values.get(value)!.data);
}
