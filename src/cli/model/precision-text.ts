import type { ConvLayer, IntegerNetwork } from '../../quant/network.js';
import type { PrecisionOptions } from './precision-options.js';

/** @param precision null: the model's own, read off its layers */
export function precisionText(network: IntegerNetwork, precision: Required<PrecisionOptions> | null): string {
  if (precision !== null) {
    const { weights, activations, ends } = precision;
    return `weights ${weights}, activations ${activations} bits; first and last layer ${ends === 8 ? '8 bits' : 'the same'}`;
  }
  const layers = network.layers.filter((layer): layer is ConvLayer => layer.kind === 'conv' && layer.useful);
  const weights = layers.map((layer) => layer.weightFormat.bits);
  const activations = layers.map((layer) => network.tensors[layer.input]!.bits);
  return `the model's own: weights ${widths(weights)}, activations ${widths(activations)} bits`;
}

function widths(bits: readonly number[]): string {
  return [...new Set(bits)].sort((a, b) => a - b).join(', ');
}
