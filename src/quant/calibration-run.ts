/** The integer network as far as it is made, run on calibration inputs: what its next layer really reads. */
import { prepareLayer } from './fast/prepare-layer.js';
import { type FloatLayer, floatOperands } from './float-network.js';
import type { CodeTensor, Layer } from './network.js';
import { quantizeMap } from './numerics.js';

export interface CalibrationRun {
  /** Runs a layer on all inputs. */
  add(layer: Layer): void;
  /** Mean of each element of a tensor over the inputs, as real values in NCHW order. */
  means(name: string): Float64Array;
}

/** Codes of one tensor kept at a time, over all inputs. */
const MOST_CODES = 2 ** 23;
const FEWEST_INPUTS = 4;

/**
 * @param tensors with scales and zeros
 * @param layers of the whole network: a tensor is forgotten when the last of them has read it
 * @param inputs by tensor, each in the graph's own order (NCHW); fewer of them where tensors are large
 */
export function calibrationRun(
  tensors: Readonly<Record<string, CodeTensor>>,
  layers: readonly FloatLayer[],
  inputs: readonly ReadonlyMap<string, Float32Array>[],
): CalibrationRun {
  const largest = Math.max(...Object.values(tensors).map(({ height, width, channels }) => height * width * channels));
  const used = inputs.slice(0, Math.max(FEWEST_INPUTS, Math.floor(MOST_CODES / largest)));
  const codesOf = ([name, real]: readonly [string, Float32Array]): [string, Int32Array] => [
    name,
    Int32Array.from(quantizeMap(tensors[name]!, real)),
  ];
  const runs = used.map((reals) => new Map<string, Int32Array>([...reals].map(codesOf)));
  const lastReader = new Map(layers.flatMap((layer) => floatOperands(layer).map((name) => [name, layer.output])));
  return {
    add: (layer) => {
      const step = prepareLayer(layer, tensors);
      const read = [...lastReader].filter(([, reader]) => reader === layer.output).map(([name]) => name);
      for (const values of runs) {
        if (lastReader.has(layer.output)) values.set(layer.output, step(values));
        for (const name of read) values.delete(name);
      }
    },
    means: (name) =>
      meansOf(
        tensors[name]!,
        runs.map((values) => values.get(name)!),
      ),
  };
}

/** @param maps codes, NHWC */
function meansOf(tensor: CodeTensor, maps: readonly Int32Array[]): Float64Array {
  const pixels = tensor.height * tensor.width;
  const sums = new Float64Array(pixels * tensor.channels);
  for (const codes of maps) {
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < tensor.channels; c++) {
        sums[c * pixels + p] = sums[c * pixels + p]! + codes[p * tensor.channels + c]!;
      }
    }
  }
  return sums.map((sum) => tensor.scale * (sum / maps.length - tensor.zero));
}
