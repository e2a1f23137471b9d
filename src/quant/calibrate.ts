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
}

export interface Calibration {
  readonly samples: number;
  /** Evenly spaced ones of the samples, in the order of the graph's input (NCHW). */
  readonly inputs: readonly Float32Array[];
  readonly tensors: ReadonlyMap<string, TensorStatistics>;
}

/** Values kept of one tensor, over all samples. */
const KEPT = 2 ** 15;
/** Inputs kept. */
const KEPT_INPUTS = 64;

/**
 * @param samples model inputs, float32, row major, one image each (batch dimension 1)
 * @throws SystoleError data-shape for a sample of another size; calibration-needed without samples; data-type for NaN or infinity,
 * in a sample or in what the model makes of it
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
      collect(graph.inputs[0]!.name, toGraphInput(graph.inputs[0]!.layout, sample), i);
      const values = await model.run(sample);
      for (const name of names) collect(name, values.get(name)!, i);
      onProgress?.(i + 1, samples.length);
    }
  } finally {
    await model.close();
  }
  return {
    samples: samples.length,
    inputs: spaced(samples, KEPT_INPUTS).map((sample) => toGraphInput(graph.inputs[0]!.layout, sample)),
    tensors: new Map([...collectors].map(([name, collector]) => [name, collector.result()])),
  };
}

function checkSamples(graph: Graph, samples: readonly Float32Array[]): void {
  const size = graph.inputs[0]!.shape.reduce((product, n) => product * n, 1);
  if (samples.length === 0) {
    throw new SystoleError('calibration-needed', 'there are no calibration samples', {
      where: graph.inputs[0]!.name,
      hint: 'give sample inputs with --calibration FILE.npz',
    });
  }
  for (const [i, sample] of samples.entries()) {
    if (sample.length !== size) {
      throw new SystoleError('data-shape', 'a calibration sample has the wrong size', {
        where: `sample ${i} for input ${graph.inputs[0]!.name}`,
        expected: `${size} values (${(graph.inputs[0]!.layout?.modelShape ?? graph.inputs[0]!.shape).join('x')})`,
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

function spaced<T>(items: readonly T[], most: number): T[] {
  const count = Math.min(items.length, most);
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}

class Collector {
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;
  private integers = true;
  private kept = 0;
  private skip = 0;
  private readonly values: Float32Array;
  private readonly stride: number;

  constructor(size: number, samples: number) {
    this.stride = strideFor(size, samples);
    this.values = new Float32Array(Math.ceil((size * samples) / this.stride));
  }

  /** False for values that are not finite. */
  add(data: Float32Array): boolean {
    let { min, max, integers } = this;
    for (let i = 0; i < data.length; i++) {
      const x = data[i]!;
      if (x < min) min = x;
      if (x > max) max = x;
      if (integers && !Number.isInteger(x)) integers = false;
      if (!Number.isFinite(x)) return false;
    }
    Object.assign(this, { min, max, integers });
    let at = this.skip;
    for (; at < data.length; at += this.stride) this.values[this.kept++] = data[at]!;
    this.skip = at - data.length;
    return true;
  }

  result(): TensorStatistics {
    return {
      min: this.min,
      max: this.max,
      integers: this.integers,
      values: this.values.subarray(0, this.kept),
    };
  }
}

/** Every how many-th value is kept: a prime that does not divide the size, so that it meets all rows, columns and channels alike. */
function strideFor(size: number, samples: number): number {
  let stride = Math.ceil((size * samples) / KEPT);
  while (stride > 1 && (!isPrime(stride) || size % stride === 0)) stride++;
  return stride;
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}
