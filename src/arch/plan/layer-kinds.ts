/** Array layers of the integer network's convolutions, pools and products. */
import { SystoleError } from '../../base/error.js';
import { productRange } from '../../quant/acc-range.js';
import type { CodeTensor, ConvLayer, IntegerNetwork, MaxPoolLayer, MulLayer } from '../../quant/network.js';
import type { ArrayLayer, PoolWindow } from './array-layer.js';
import { tensorOf } from './draft.js';
import { identityLayer } from './identity-layer.js';

/** @throws SystoleError network-unsupported */
export function convLayer(layer: ConvLayer, pool: MaxPoolLayer | undefined, network: IntegerNetwork): ArrayLayer {
  const input = tensorOf(network.tensors, layer.input);
  const conv = tensorOf(network.tensors, layer.output);
  const depthwise = layer.groups > 1;
  if (depthwise && (layer.groups !== input.channels || conv.channels !== input.channels)) {
    throw new SystoleError('network-unsupported', `layer ${layer.name} has ${layer.groups} groups`, {
      where: layer.name,
      expected: '1 group, or one per channel with as many outputs as inputs',
    });
  }
  const [kh, kw] = layer.kernel;
  const [top, left] = layer.pads;
  const reach = (i: 0 | 1, out: number) =>
    (out - 1) * layer.strides[i] + (layer.kernel[i] - 1) * layer.dilations[i] + 1;
  const inside =
    top === 0 && left === 0 && reach(0, conv.height) <= input.height && reach(1, conv.width) <= input.width;
  return {
    name: layer.name,
    sources: pool ? [layer.name, pool.name] : [layer.name],
    input: layer.input,
    output: pool ? pool.output : layer.output,
    kernel: layer.kernel,
    strides: layer.strides,
    dilations: [kh === 1 ? 1 : layer.dilations[0], kw === 1 ? 1 : layer.dilations[1]],
    padTop: top,
    padLeft: left,
    unpadded: inside,
    // A zero between two codes belongs to a tensor that no layer pads.
    padCode: Math.floor(input.zero),
    depthwise,
    weights: layer.weights,
    weightBits: layer.weightFormat.bits,
    convHeight: conv.height,
    convWidth: conv.width,
    pool: pool ? poolWindow(pool, true) : null,
    requantize: layer.requantize,
    accRange: layer.accRange,
    usefulMacs: layer.useful ? conv.height * conv.width * (layer.sourceWeights ?? layer.weights.length) : 0,
    useful: layer.useful,
    product: null,
    blank: false,
    toStream: false,
  };
}

export function poolLayer(layer: MaxPoolLayer, tensors: Readonly<Record<string, CodeTensor>>): ArrayLayer {
  return identityLayer(tensorOf(tensors, layer.input), {
    name: layer.name,
    sources: [layer.name],
    output: layer.output,
    pool: poolWindow(layer, false),
    toStream: false,
  });
}

function poolWindow(layer: MaxPoolLayer, masked: boolean): PoolWindow {
  const { kernel, strides, dilations, pads } = layer;
  return { kernel, strides, dilations, padTop: pads[0], padLeft: pads[1], masked };
}

/** The first operand goes through the array unchanged, the second one meets it as a residual. */
export function productLayer(layer: MulLayer, tensors: Readonly<Record<string, CodeTensor>>): ArrayLayer {
  const [a, b] = layer.inputs.map((name) => tensorOf(tensors, name)) as [CodeTensor, CodeTensor];
  const made = { name: layer.name, sources: [layer.name], output: layer.output, pool: null, toStream: false };
  const residual = { tensor: b.name, m: layer.requantize.m.map(() => 0) };
  return {
    ...identityLayer(a, made),
    requantize: { ...layer.requantize, residual },
    product: { accumulator: 0 - a.zero, residual: 0 - b.zero, range: productRange(a, b) },
  };
}
