/** Runs a graph on samples and keeps what choosing ranges needs of every tensor's values. */
import { SystoleError } from '../base/error.js';
import { openFloatModel } from '../frontend/float-model.js';
import type { Graph } from '../frontend/graph.js';
import { graphToOnnx } from '../frontend/graph-to-onnx.js';
import { graphInputs, modelInputs } from './calibration-samples.js';
import type { ModelInputs } from './numerics.js';
import { Collector, type TensorStatistics } from './tensor-statistics.js';

export interface Calibration {
  readonly samples: number;
  /** Evenly spaced ones of the samples: the graph's inputs by name, each in its own order (NCHW). */
  readonly inputs: readonly ReadonlyMap<string, Float32Array>[];
  readonly tensors: ReadonlyMap<string, TensorStatistics>;
}

/** Inputs kept. */
const KEPT_INPUTS = 64;

/**
 * @param samples the model's only input, or all of them by name: float32, row major, one image each (batch dimension 1)
 * @throws SystoleError data-shape for a sample of another size; calibration-needed without samples; data-type for NaN or infinity,
 * in a sample or in what the model makes of it
 */
export async function calibrate(
  graph: Graph,
  samples: readonly ModelInputs[],
  onProgress?: (done: number, total: number) => void,
): Promise<Calibration> {
  if (samples.length === 0) {
    throw new SystoleError('calibration-needed', 'there are no calibration samples', {
      where: graph.inputs.map(({ name }) => name).join(', '),
      hint: 'give sample inputs with --calibration FILE.npz',
    });
  }
  const inputs = samples.map((sample, i) => graphInputs(graph, sample, i));
  const names = [...new Set(graph.nodes.map((node) => node.output))];
  const model = await openFloatModel(graphToOnnx(graph, { outputs: names }));
  const collectors = new Map<string, Collector>();
  const collect = (name: string, data: Float32Array, sample: number): void => {
    const collector = collectors.get(name) ?? new Collector(data.length, samples.length);
    collectors.set(name, collector);
    if (!collector.add(data)) {
      throw new SystoleError('data-type', 'the model gives NaN or infinity on a calibration sample', {
        where: `sample ${sample}, tensor ${name}`,
        expected: 'finite numbers',
      });
    }
  };
  try {
    for (const [i, sample] of samples.entries()) {
      for (const [name, values] of inputs[i]!) collect(name, values, i);
      const values = await model.run(modelInputs(graph, sample));
      for (const name of names) collect(name, values.get(name)!, i);
      onProgress?.(i + 1, samples.length);
    }
  } finally {
    await model.close();
  }
  return {
    samples: samples.length,
    inputs: spaced(inputs, KEPT_INPUTS),
    tensors: new Map([...collectors].map(([name, collector]) => [name, collector.result()])),
  };
}

function spaced<T>(items: readonly T[], most: number): T[] {
  const count = Math.min(items.length, most);
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}
