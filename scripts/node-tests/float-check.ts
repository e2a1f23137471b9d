/** The graph after all passes, written back to ONNX and run in ONNX Runtime, against what the test expects. */
import { openFloatModel } from '../../src/frontend/float-model.js';
import type { Graph } from '../../src/frontend/graph.js';
import { graphToOnnx } from '../../src/frontend/graph-to-onnx.js';
import type { Run } from './forms.js';

/** Of the ONNX backend's test runner. */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

/** The first difference beyond the tolerance, in words; null without one. */
export async function floatDifference(graph: Graph, runs: readonly Run[]): Promise<string | null> {
  const model = await openFloatModel(graphToOnnx(graph), { asWritten: true });
  try {
    for (const { inputs, outputs } of runs) {
      const found = await model.run(inputs[0]!);
      const difference = firstDifference([found.get(graph.modelOutputs[0]!.name)!], outputs);
      if (difference !== null) return difference;
    }
    return null;
  } finally {
    await model.close();
  }
}

function firstDifference(found: readonly Float32Array[], expected: readonly Float32Array[]): string | null {
  if (found.length !== expected.length) return `${found.length} outputs instead of ${expected.length}`;
  for (const [output, wanted] of expected.entries()) {
    const values = found[output]!;
    if (values.length !== wanted.length) return `output ${output} has ${values.length} values, not ${wanted.length}`;
    const at = wanted.findIndex((x, i) => !meets(values[i]!, x));
    if (at >= 0) return `output ${output}, element ${at}: ${values[at]} instead of ${wanted[at]}`;
  }
  return null;
}

/** Equal infinities and NaN for NaN agree, as in numpy.testing.assert_allclose. */
function meets(found: number, wanted: number): boolean {
  if (Object.is(found, wanted) || found === wanted) return true;
  return Math.abs(found - wanted) <= ABSOLUTE + RELATIVE * Math.abs(wanted);
}
