import { operandsOf } from '../../quant/layer-operands.js';
import type { ConvLayer, IntegerNetwork, Layer, MaxPoolLayer } from '../../quant/network.js';
import { arrangeLayers } from './arrange-layers.js';
import type { ArrayLayer, LoweredNetwork } from './array-layer.js';
import { addTensor, type Draft, tensorOf } from './draft.js';
import { gatherChannels } from './gather-channels.js';
import { identityLayer } from './identity-layer.js';
import { convLayer, poolLayer, productLayer } from './layer-kinds.js';
import { separateResiduals } from './separate-residuals.js';

export interface LoweringOptions {
  /** False: every part of an arranged tensor is copied to its place by a layer of its own. */
  readonly inPlace: boolean;
}

/**
 * Integer network -> array layers, in an order the machine can run: unused layers dropped, max pools
 * fused or made layers of their own, maps rearranged in place where that can be and by copies where not,
 * residuals that are their own layer's input copied, the outputs streamed in their order.
 * @throws SystoleError network-unsupported
 */
export function lowerNetwork(network: IntegerNetwork, { inPlace }: LoweringOptions): LoweredNetwork {
  const live = liveLayers(network);
  const draft: Draft = {
    tensors: { ...network.tensors },
    views: new Map(),
    components: new Map(),
    inputs: network.inputs.map(({ tensor }) => tensor),
    inPlace,
  };
  const outputs = new Set(network.outputs.map(({ tensor }) => tensor));
  const fused = fusedPools(live, outputs);
  const convOf = new Map([...fused].map(([conv, pool]) => [pool, conv]));
  const read = new Set(live.flatMap(operandsOf));
  const streamed = (layer: ArrayLayer, isLast: boolean): readonly ArrayLayer[] => {
    if (!outputs.has(layer.output)) return [layer];
    // A layer that streams counts no rows: nobody could wait until it has left its residual's group.
    const copied = read.has(layer.output) || (layer.requantize?.residual && !isLast);
    return copied ? [layer, streamCopy(layer.output, draft)] : [{ ...layer, toStream: true }];
  };
  const layers = live.flatMap((layer): readonly ArrayLayer[] => {
    if (layer.kind === 'arrange') {
      const copies = gatherChannels(layer, draft).flatMap((step) => arrangeLayers(step, draft));
      return outputs.has(layer.output) ? [...copies, streamCopy(layer.output, draft)] : copies;
    }
    if (layer.kind === 'conv' && fused.has(layer)) return [];
    return streamed(windowOrProduct(layer, convOf, network), layer === live.at(-1));
  });
  const fromInputs = draft.inputs.filter((name) => outputs.has(name)).map((name) => streamCopy(name, draft));
  const { tensors, views, components, inputs } = draft;
  const separate = separateResiduals([...fromInputs, ...layers], draft);
  return { tensors, views, components, layouts: new Map(), inputs, layers: uniqueNames(separate) };
}

function windowOrProduct(
  layer: Exclude<Layer, { kind: 'arrange' }>,
  convOf: ReadonlyMap<Layer, ConvLayer>,
  network: IntegerNetwork,
): ArrayLayer {
  if (layer.kind === 'conv') return convLayer(layer, undefined, network);
  if (layer.kind === 'mul') return productLayer(layer, network.tensors);
  const conv = convOf.get(layer);
  return conv === undefined ? poolLayer(layer, network.tensors) : convLayer(conv, layer, network);
}

function liveLayers(network: IntegerNetwork): readonly Layer[] {
  const needed = new Set(network.outputs.map(({ tensor }) => tensor));
  const live: Layer[] = [];
  for (const layer of [...network.layers].reverse()) {
    if (!needed.has(layer.output)) continue;
    for (const name of operandsOf(layer)) needed.add(name);
    live.push(layer);
  }
  return live.reverse();
}

/** An arrangement's layers all have its name: its name, then name.2, name.3, ... */
function uniqueNames(layers: readonly ArrayLayer[]): readonly ArrayLayer[] {
  const taken = new Set<string>();
  return layers.map((layer) => {
    let name = layer.name;
    for (let i = 2; taken.has(name); i++) name = `${layer.name}.${i}`;
    taken.add(name);
    return { ...layer, name };
  });
}

/** Convolutions with the max pool that is computed with them; it stands where the pool stood. */
function fusedPools(live: readonly Layer[], outputs: ReadonlySet<string>): ReadonlyMap<ConvLayer, MaxPoolLayer> {
  const readers = new Map<string, Layer[]>();
  for (const layer of live) {
    for (const name of operandsOf(layer)) readers.set(name, [...(readers.get(name) ?? []), layer]);
  }
  const pairs = live.flatMap((layer): [ConvLayer, MaxPoolLayer][] => {
    if (layer.kind !== 'conv' || outputs.has(layer.output)) return [];
    const [only, ...others] = readers.get(layer.output) ?? [];
    return only?.kind === 'maxpool' && others.length === 0 && isFusable(layer, only) ? [[layer, only]] : [];
  });
  return new Map(pairs);
}

/** Windows that share no pixel: each convolution pixel is then computed once. */
function isFusable(conv: ConvLayer, pool: MaxPoolLayer): boolean {
  if (conv.requantize === null) return false;
  return [0, 1].every((i) => pool.strides[i]! >= pool.kernel[i]! && (pool.dilations[i] === 1 || pool.kernel[i] === 1));
}

/** A layer that sends a stored tensor to the stream. */
function streamCopy(output: string, draft: Draft): ArrayLayer {
  const tensor = tensorOf(draft.tensors, output);
  const { name } = addTensor(draft, `${output}.stream`, tensor);
  return identityLayer(tensor, { name, sources: [], output: name, pool: null, toStream: true });
}
