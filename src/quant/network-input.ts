import type { GraphInput } from '../frontend/graph.js';
import type { InputQuantizer, NetworkInput } from './network.js';

/** @param tensor whose codes the input's are */
export function networkInput(
  { name, shape, layout }: GraphInput,
  tensor: string,
  quantizer: InputQuantizer | null = null,
): NetworkInput {
  return {
    tensor,
    modelName: name,
    shape: layout?.modelShape ?? shape,
    ...(layout === undefined ? {} : { layout }),
    ...(quantizer === null ? {} : { quantizer }),
  };
}
