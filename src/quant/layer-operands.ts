import type { Layer } from './network.js';

/** Names of the tensors that a layer reads, each as often as it reads it. */
export function operandsOf(layer: Layer): readonly string[] {
  switch (layer.kind) {
    case 'conv': {
      const residual = layer.requantize?.residual;
      return residual ? [layer.input, residual.tensor] : [layer.input];
    }
    case 'maxpool':
      return [layer.input];
    case 'mul':
      return layer.inputs;
    case 'arrange':
      return layer.parts.map((part) => part.input);
  }
}
