import type { CodeTensor } from '../../quant/network.js';
import type { ArrayLayer, PoolWindow } from './array-layer.js';

/** A 1x1 depthwise layer with weights one that hands codes on unchanged, with a pool behind it or none. */
export function identityLayer(
  tensor: CodeTensor,
  made: { name: string; sources: readonly string[]; output: string; pool: PoolWindow | null; toStream: boolean },
): ArrayLayer {
  const top = 2 ** tensor.bits - 1;
  const ones = Array.from({ length: tensor.channels }, () => 1);
  return {
    ...made,
    input: tensor.name,
    kernel: [1, 1],
    strides: [1, 1],
    dilations: [1, 1],
    padTop: 0,
    padLeft: 0,
    unpadded: made.pool === null,
    padCode: 0,
    depthwise: true,
    weights: Int8Array.from(ones),
    weightBits: 1,
    convHeight: tensor.height,
    convWidth: tensor.width,
    requantize: {
      m: ones,
      b: ones.map(() => 0n),
      n: ones.map(() => 0),
      round: 'floor',
      lo: 0,
      hi: top,
      residual: null,
    },
    accRange: { min: 0, max: top },
    usefulMacs: 0,
    useful: false,
  };
}
