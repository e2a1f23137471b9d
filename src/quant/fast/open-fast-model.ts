/**
 * Runs integer networks quickly, for accuracy over many images: the golden model's results, in loops made for the layer.
 * The golden model stays the judge; tests hold this one against it.
 */
import type { IntegerNetwork, Layer } from '../network.js';
import { prepareConvolution } from './convolution.js';
import { prepareMaxPool } from './max-pool.js';
import { prepareRequantizer } from './requantizer.js';

export interface FastModel {
  /** As runGolden: input codes, NHWC, each within the input's bits; every tensor by name, NHWC. */
  run(codes: ArrayLike<number>): Map<string, Int32Array>;
}

type Step = (values: ReadonlyMap<string, Int32Array>) => Int32Array;

/** @param network one that checkNetwork accepts */
export function openFastModel(network: IntegerNetwork): FastModel {
  const steps = network.layers.map((layer) => ({ output: layer.output, step: prepareLayer(layer, network) }));
  return {
    run: (codes) => {
      const values = new Map<string, Int32Array>([[network.input.tensor, Int32Array.from(codes)]]);
      for (const { output, step } of steps) values.set(output, step(values));
      return values;
    },
  };
}

function prepareLayer(layer: Layer, network: IntegerNetwork): Step {
  const from = network.tensors[layer.input]!;
  const to = network.tensors[layer.output]!;
  if (layer.kind === 'maxpool') {
    const pool = prepareMaxPool(layer, from, to);
    return (values) => pool(values.get(layer.input)!);
  }
  const convolve = prepareConvolution(layer, from, to);
  if (layer.requantize === null) return (values) => convolve(values.get(layer.input)!);
  const residual = layer.requantize.residual?.tensor ?? null;
  const residualBits = residual === null ? 0 : network.tensors[residual]!.bits;
  const requantize = prepareRequantizer(layer, layer.requantize, 2 ** from.bits - 1, 2 ** residualBits - 1);
  return (values) => requantize(convolve(values.get(layer.input)!), residual === null ? null : values.get(residual)!);
}
