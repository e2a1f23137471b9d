/** Layers that hand codes on: unchanged, picked by channel, or one code everywhere. */
import type { CodeTensor, Requantize } from '../../quant/network.js';
import type { ArrayLayer, PoolWindow } from './array-layer.js';

type Made = Pick<ArrayLayer, 'name' | 'sources' | 'output'>;

/** A 1x1 depthwise layer with weights one that hands codes on unchanged, with a pool behind it or none. */
export function identityLayer(
  tensor: CodeTensor,
  made: Made & { readonly pool: PoolWindow | null; readonly toStream: boolean },
): ArrayLayer {
  const top = 2 ** tensor.bits - 1;
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
    weights: new Int8Array(tensor.channels).fill(1),
    weightBits: 1,
    convHeight: tensor.height,
    convWidth: tensor.width,
    requantize: scaledBy(1, tensor.channels, 0, top),
    accRange: { min: 0, max: top },
    usefulMacs: 0,
    useful: false,
    product: null,
    blank: false,
  };
}

/** A 1x1 convolution whose channel k is the input's channel picks[k]. */
export function selectionLayer(tensor: CodeTensor, picks: readonly number[], made: Made): ArrayLayer {
  const weights = new Int8Array(picks.length * tensor.channels);
  picks.forEach((pick, k) => {
    weights[k * tensor.channels + pick] = 1;
  });
  return {
    ...identityLayer(tensor, { ...made, pool: null, toStream: false }),
    depthwise: false,
    weights,
    weightBits: 2,
    requantize: scaledBy(1, picks.length, 0, 2 ** tensor.bits - 1),
  };
}

/** A layer that writes `code` all over `output`. @param tensor any that is in memory: it is named and not read */
export function blankLayer(tensor: CodeTensor, output: CodeTensor, code: number, made: Made): ArrayLayer {
  return {
    ...identityLayer(output, { ...made, pool: null, toStream: false }),
    input: tensor.name,
    requantize: scaledBy(0, output.channels, code, code),
    accRange: { min: 0, max: 0 },
    blank: true,
  };
}

/** clamp(acc * m, lo, hi) for every channel. */
function scaledBy(m: number, channels: number, lo: number, hi: number): Requantize {
  return {
    m: Array.from({ length: channels }, () => m),
    b: Array.from({ length: channels }, () => 0n),
    n: Array.from({ length: channels }, () => 0),
    round: 'floor',
    lo,
    hi,
    residual: null,
  };
}
