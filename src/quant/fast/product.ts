import { productRange } from '../acc-range.js';
import type { CodeTensor, MulLayer } from '../network.js';
import { prepareRequantizer } from './requantizer.js';

/** Codes of both operands, less their zeros, multiplied and requantized. */
export function prepareProduct(
  layer: MulLayer,
  tensors: Readonly<Record<string, CodeTensor>>,
): (values: ReadonlyMap<string, Int32Array>) => Int32Array {
  const [a, b] = [tensors[layer.inputs[0]]!, tensors[layer.inputs[1]]!];
  const range = productRange(a, b);
  const ranges = layer.requantize.m.map(() => range);
  const requantize = prepareRequantizer(layer.requantize, ranges, 0);
  return (values) => {
    const codes = values.get(layer.inputs[0])!;
    const others = values.get(layer.inputs[1])!;
    const period = others.length;
    const products = new Int32Array(codes.length);
    for (let i = 0, k = 0; i < codes.length; i++, k = k + 1 === period ? 0 : k + 1) {
      products[i] = (codes[i]! - a.zero) * (others[k]! - b.zero);
    }
    return requantize(products, null);
  };
}
