/** Calibration samples as the graph's inputs. */
import { SystoleError } from '../base/error.js';
import type { Graph, GraphInput } from '../frontend/graph.js';
import { toGraphInput } from '../frontend/transpose.js';
import type { ModelInputs } from './numerics.js';

/**
 * By name, each in its own order (NCHW).
 * @throws SystoleError data-shape for a sample of another size or of other inputs, data-type for NaN or infinity
 */
export function graphInputs(graph: Graph, sample: ModelInputs, index: number): Map<string, Float32Array> {
  return new Map(
    graph.inputs.map((input) => {
      const values = valuesOf(graph, input, sample, index);
      checkValues(input, values, index);
      return [input.name, toGraphInput(input.layout, values)];
    }),
  );
}

/** In the model's order and layouts. */
export function modelInputs(graph: Graph, sample: ModelInputs): Float32Array | readonly Float32Array[] {
  return sample instanceof Float32Array ? sample : graph.inputs.map(({ name }) => sample[name]!);
}

function valuesOf(graph: Graph, { name }: GraphInput, sample: ModelInputs, index: number): Float32Array {
  const names = graph.inputs.map((input) => input.name);
  const values = sample instanceof Float32Array ? (names.length === 1 ? sample : undefined) : sample[name];
  if (values !== undefined) return values;
  throw new SystoleError('data-shape', 'a calibration sample lacks an input', {
    where: `sample ${index}`,
    expected: names.join(', '),
    actual: sample instanceof Float32Array ? 'one array without a name' : Object.keys(sample).join(', '),
  });
}

function checkValues({ name, shape, layout }: GraphInput, values: Float32Array, index: number): void {
  const size = shape.reduce((product, n) => product * n, 1);
  if (values.length !== size) {
    throw new SystoleError('data-shape', 'a calibration sample has the wrong size', {
      where: `sample ${index} for input ${name}`,
      expected: `${size} values (${(layout?.modelShape ?? shape).join('x')})`,
      actual: `${values.length}`,
    });
  }
  const bad = values.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new SystoleError('data-type', 'a calibration sample holds NaN or infinity', {
      where: `sample ${index}, element ${bad}`,
      expected: 'finite numbers',
      actual: `${values[bad]}`,
    });
  }
}
