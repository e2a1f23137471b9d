import { accRanges } from '../acc-range.js';
import type { CodeTensor, ConvLayer, Layer } from '../network.js';
import { prepareArrange } from './arrange.js';
import { prepareConvolution } from './convolution.js';
import { prepareMaxPool } from './max-pool.js';
import { prepareProduct } from './product.js';
import { prepareRequantizer } from './requantizer.js';

type Values = ReadonlyMap<string, Int32Array>;
type Tensors = Readonly<Record<string, CodeTensor>>;

/** One layer's output from the tensors so far. */
export type Step = (values: Values) => Int32Array;

export function prepareLayer(layer: Layer, tensors: Tensors): Step {
  const to = tensors[layer.output]!;
  switch (layer.kind) {
    case 'conv':
      return prepareConv(layer, tensors);
    case 'maxpool': {
      const pool = prepareMaxPool(layer, tensors[layer.input]!, to);
      return (values) => pool(values.get(layer.input)!);
    }
    case 'mul':
      return prepareProduct(layer, tensors);
    case 'arrange':
      return prepareArrange(layer, tensors);
  }
}

function prepareConv(layer: ConvLayer, tensors: Tensors): Step {
  const from = tensors[layer.input]!;
  const to = tensors[layer.output]!;
  const convolve = prepareConvolution(layer, from, to);
  if (layer.requantize === null) return (values) => convolve(values.get(layer.input)!);
  const residual = layer.requantize.residual?.tensor ?? null;
  const residualBits = residual === null ? 0 : tensors[residual]!.bits;
  const ranges = accRanges(layer.weights, to.channels, 2 ** from.bits - 1);
  const requantize = prepareRequantizer(layer.requantize, ranges, 2 ** residualBits - 1);
  return (values) => requantize(convolve(values.get(layer.input)!), residual === null ? null : values.get(residual)!);
}
