/** Runs the float graph on sample data and keeps what the quantizer needs to know of each tensor. */

import { SystoleError } from '../base/error.js';
import { openFloatModel } from '../frontend/float-model.js';
import type { Graph } from '../frontend/graph.js';
import { graphToOnnx } from '../frontend/graph-to-onnx.js';
import { toGraphInput } from '../frontend/transpose.js';

export interface TensorStatistics {
  readonly min: number;
  readonly max: number;
  /** Every value seen is an integer. */
  readonly integers: boolean;
  /** A fixed selection of the values seen. */
  readonly values: Float32Array;
  /** Mean of each channel. */
  readonly channelMeans: Float64Array;
}

export interface Calibration {
  readonly samples: number;
  readonly tensors: ReadonlyMap<string, TensorStatistics>;
}

/** Values kept of one tensor, over all samples. */
const KEPT = 1 << 15;

/**
 * @param samples model inputs, float32, row major, one image each (batch dimension 1)
 * @throws SystoleError data-shape for a sample of another size; calibration-needed without samples; data-type for NaN or infinity
 */
export async function calibrate(
  graph: Graph,
  samples: readonly Float32Array[],
  onProgress?: (done: number, total: number) => void,
): Promise<Calibration> {
  checkSamples(graph, samples);
  const names = [...new Set(graph.nodes.map((node) => node.output))];
  const model = await openFloatModel(graphToOnnx(graph, { outputs: names }));
  const collectors = new Map<string, Collector>();
  try {
    for (const [i, sample] of samples.entries()) {
      const values = await model.run(sample);
      values.set(graph.input.name, toGraphInput(graph.input.layout, sample));
      for (const [name, data] of values) {
        let collector = collectors.get(name);
        if (collector === undefined) {
          const shape = graph.tensors.get(name)?.shape ?? [1, data.length];
          collector = new Collector(shape[1] ?? 1, data.length, samples.length);
          collectors.set(name, collector);
        }
        collector.add(data);
      }
      onProgress?.(i + 1, samples.length);
    }
  } finally {
    await model.close();
  }
  return {
    samples: samples.length,
    tensors: new Map([...collectors].map(([name, collector]) => [name, collector.result()])),
  };
}

function checkSamples(graph: Graph, samples: readonly Float32Array[]): void {
  const size = graph.input.shape.reduce((product, n) => product * n, 1);
  if (samples.length === 0) {
    throw new SystoleError('calibration-needed', 'there are no calibration samples', {
      where: graph.input.name,
      hint: 'give sample inputs with --calibration FILE.npz',
    });
  }
  for (const [i, sample] of samples.entries()) {
    if (sample.length !== size) {
      throw new SystoleError('data-shape', 'a calibration sample has the wrong size', {
        where: `sample ${i} for input ${graph.input.name}`,
        expected: `${size} values (${(graph.input.layout?.modelShape ?? graph.input.shape).join('x')})`,
        actual: `${sample.length}`,
      });
    }
    const bad = sample.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) {
      throw new SystoleError('data-type', 'a calibration sample holds NaN or infinity', {
        where: `sample ${i}, element ${bad}`,
        expected: 'finite numbers',
        actual: `${sample[bad]}`,
      });
    }
  }
}

class Collector {
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;
  private integers = true;
  private kept = 0;
  private count = 0;
  private readonly values = new Float32Array(KEPT);
  private readonly sums: Float64Array;
  private readonly plane: number;
  private readonly stride: number;

  constructor(channels: number, size: number, samples: number) {
    this.sums = new Float64Array(channels);
    this.plane = size / channels;
    this.stride = Math.max(1, Math.ceil((size * samples) / KEPT));
  }

  add(data: Float32Array): void {
    for (let i = 0; i < data.length; i++) {
      const x = data[i]!;
      if (x < this.min) this.min = x;
      if (x > this.max) this.max = x;
      if (this.integers && !Number.isInteger(x)) this.integers = false;
      const c = Math.floor(i / this.plane);
      this.sums[c] = this.sums[c]! + x;
      if (this.count % this.stride === 0 && this.kept < KEPT) this.values[this.kept++] = x;
      this.count += 1;
    }
  }

  result(): TensorStatistics {
    const perChannel = this.count / this.sums.length;
    return {
      min: this.min,
      max: this.max,
      integers: this.integers,
      values: this.values.subarray(0, this.kept),
      channelMeans: this.sums.map((sum) => sum / perChannel),
    };
  }
}
