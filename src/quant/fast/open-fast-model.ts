/**
 * Runs integer networks quickly, for accuracy over many images: the golden model's results, in loops made for the layer.
 * The golden model stays the judge; tests hold this one against it.
 */
import { inputTensors } from '../frame.js';
import type { IntegerNetwork } from '../network.js';
import { prepareLayer } from './prepare-layer.js';

export interface FastModel {
  /** As runGolden: input codes, NHWC, each within the input's bits; every tensor by name, NHWC. */
  run(codes: ArrayLike<number>): Map<string, Int32Array>;
}

/** @param network one that checkNetwork accepts */
export function openFastModel(network: IntegerNetwork): FastModel {
  const steps = network.layers.map((layer) => ({ output: layer.output, step: prepareLayer(layer, network.tensors) }));
  return {
    run: (codes) => {
      const values = inputTensors(network, codes);
      for (const { output, step } of steps) values.set(output, step(values));
      return values;
    },
  };
}
