import { SystoleError } from '../../base/error.js';
import { operandsOf } from '../../quant/layer-operands.js';
import type { CodeTensor, ConvLayer, IntegerNetwork, Layer, MaxPoolLayer } from '../../quant/network.js';
import type { ArrayLayer, LoweredNetwork, PoolWindow } from './array-layer.js';
import { identityLayer } from './identity-layer.js';

/**
 * Integer network -> array layers, in an order the machine can run: unused layers dropped, max pools
 * fused or made layers of their own, residuals that are their own layer's input copied, the output streamed last.
 * @throws SystoleError network-unsupported
 */
export function lowerNetwork(network: IntegerNetwork): LoweredNetwork {
  const live = liveLayers(network);
  const tensors: Record<string, CodeTensor> = { ...network.tensors };
  const consumers = countConsumers(live);
  const output = network.outputs[0]!.tensor;
  const fused = new Set<Layer>();
  const layers = live.flatMap((layer) => {
    if (fused.has(layer)) return [];
    if (layer.kind === 'maxpool') return [poolLayer(layer, tensors)];
    if (layer.kind !== 'conv') throw notYet(layer);
    const pool = consumers.get(layer.output) === 1 && layer.output !== output ? fusable(layer, live) : undefined;
    if (pool) fused.add(pool);
    return [convLayer(layer, pool, network)];
  });
  const ordered = separateResiduals(layers, tensors);
  return { layers: streamOutput(ordered, tensors, output), tensors, input: network.inputs[0]!.tensor, output };
}

function liveLayers(network: IntegerNetwork): readonly Layer[] {
  const needed = new Set([network.outputs[0]!.tensor]);
  const live: Layer[] = [];
  for (const layer of [...network.layers].reverse()) {
    if (!needed.has(layer.output)) continue;
    for (const name of operandsOf(layer)) needed.add(name);
    live.push(layer);
  }
  return live.reverse();
}

function notYet(layer: Layer): SystoleError {
  return new SystoleError('network-unsupported', `layer ${layer.name} is of kind ${layer.kind}`, {
    where: layer.name,
    expected: 'conv, maxpool',
    actual: layer.kind,
  });
}

function countConsumers(layers: readonly Layer[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of layers.flatMap(operandsOf)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** The max pool behind a convolution whose windows share no pixel: each convolution pixel is then computed once. */
function fusable(conv: ConvLayer, layers: readonly Layer[]): MaxPoolLayer | undefined {
  if (conv.requantize === null) return undefined;
  const pool = layers.find((layer) => operandsOf(layer).includes(conv.output));
  if (pool?.kind !== 'maxpool') return undefined;
  const apart = [0, 1].every(
    (i) => pool.strides[i]! >= pool.kernel[i]! && (pool.dilations[i] === 1 || pool.kernel[i] === 1),
  );
  return apart ? pool : undefined;
}

function convLayer(layer: ConvLayer, pool: MaxPoolLayer | undefined, network: IntegerNetwork): ArrayLayer {
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
    toStream: false,
  };
}

function poolLayer(layer: MaxPoolLayer, tensors: Readonly<Record<string, CodeTensor>>): ArrayLayer {
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

/**
 * One read port a group: a layer's residual must lie elsewhere than its input. One that is its input gets a copy,
 * and so does an input that is the residual of the layer before, where the layer cannot wait for that one too.
 */
function separateResiduals(layers: readonly ArrayLayer[], tensors: Record<string, CodeTensor>): readonly ArrayLayer[] {
  return layers.flatMap((layer, i) => {
    const residual = layer.requantize?.residual;
    const before = layers[i - 1]?.requantize?.residual;
    if (!layer.requantize || !residual) return [layer];
    const ownInput = residual.tensor === layer.input;
    if (!ownInput && before?.tensor !== layer.input) return [layer];
    const copy = copyTensor(layer.input, `${layer.name}.copy`, tensors);
    const made = { name: copy.name, sources: [], output: copy.name, pool: null, toStream: false };
    return [identityLayer(tensorOf(tensors, layer.input), made), { ...layer, input: copy.name }];
  });
}

function streamOutput(
  layers: readonly ArrayLayer[],
  tensors: Record<string, CodeTensor>,
  output: string,
): readonly ArrayLayer[] {
  const last = layers.at(-1);
  const readInside = layers.some((layer) => layer.input === output || layer.requantize?.residual?.tensor === output);
  if (last !== undefined && last.output === output && !readInside) {
    return [...layers.slice(0, -1), { ...last, toStream: true }];
  }
  const name = copyTensor(output, `${output}.stream`, tensors).name;
  const made = { name, sources: [], output: name, pool: null, toStream: true };
  return [...layers, identityLayer(tensorOf(tensors, output), made)];
}

function copyTensor(of: string, wanted: string, tensors: Record<string, CodeTensor>): CodeTensor {
  let name = wanted;
  while (tensors[name] !== undefined) name += "'";
  const copy = { ...tensorOf(tensors, of), name };
  tensors[name] = copy;
  return copy;
}

function tensorOf(tensors: Readonly<Record<string, CodeTensor>>, name: string): CodeTensor {
  const tensor = tensors[name];
  if (tensor === undefined) {
    throw new SystoleError('network-unsupported', `the integer network has no tensor ${name}`, { where: name });
  }
  return tensor;
}
