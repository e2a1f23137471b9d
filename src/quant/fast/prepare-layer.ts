import type { CodeTensor, Layer } from '../network.js';
import { prepareConvolution } from './convolution.js';
import { prepareMaxPool } from './max-pool.js';
import { prepareRequantizer } from './requantizer.js';

/** One layer's output from the tensors so far. */
export type Step = (values: ReadonlyMap<string, Int32Array>) => Int32Array;

export function prepareLayer(layer: Layer, tensors: Readonly<Record<string, CodeTensor>>): Step {
  const from = tensors[layer.input]!;
  const to = tensors[layer.output]!;
  if (layer.kind === 'maxpool') {
    const pool = prepareMaxPool(layer, from, to);
    return (values) => pool(values.get(layer.input)!);
  }
  const convolve = prepareConvolution(layer, from, to);
  if (layer.requantize === null) return (values) => convolve(values.get(layer.input)!);
  const residual = layer.requantize.residual?.tensor ?? null;
  const residualBits = residual === null ? 0 : tensors[residual]!.bits;
  const requantize = prepareRequantizer(layer, layer.requantize, 2 ** from.bits - 1, 2 ** residualBits - 1);
  return (values) => requantize(convolve(values.get(layer.input)!), residual === null ? null : values.get(residual)!);
}
