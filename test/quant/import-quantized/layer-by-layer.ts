/** A network's layers one after the other, codes forced into some of them: what rounding elsewhere would have made of an input. */
import { openFastModel } from '../../../src/quant/fast/open-fast-model.js';
import { requantize } from '../../../src/quant/golden.js';
import type { CodeTensor, ConvLayer, IntegerNetwork } from '../../../src/quant/network.js';

export interface ForcedCode {
  readonly tensor: string;
  /** NHWC */
  readonly index: number;
  readonly code: number;
}

export interface LayerRun {
  readonly values: ReadonlyMap<string, ArrayLike<number>>;
  /** Of forced codes that are not those of an accumulator one unit off. */
  readonly unexplained: readonly ForcedCode[];
}

/** @param network of convolutions alone */
export function runForced(network: IntegerNetwork, codes: Uint16Array, forced: readonly ForcedCode[]): LayerRun {
  const values = new Map<string, ArrayLike<number>>([[network.inputs[0]!.tensor, codes]]);
  const unexplained: ForcedCode[] = [];
  for (const layer of network.layers as readonly ConvLayer[]) {
    const q = layer.requantize!;
    const { channels } = tensorOf(network, layer.output);
    const sums = accumulators(network, layer, values.get(layer.input)!);
    const residual = q.residual ? values.get(q.residual.tensor)! : null;
    const code = (i: number, more: number): number => requantize(sums[i]! + more, residual?.[i] ?? 0, q, i % channels);
    const made = Uint16Array.from(sums, (_, i) => code(i, 0));
    for (const force of forced.filter(({ tensor }) => tensor === layer.output)) {
      const near = [-1, 1].some((more) => code(force.index, more) === force.code);
      if (!near || made[force.index] === force.code) unexplained.push(force);
      made[force.index] = force.code;
    }
    values.set(layer.output, made);
  }
  return { values, unexplained };
}

const opened = new WeakMap<ConvLayer, ReturnType<typeof openFastModel>>();

export function accumulators(network: IntegerNetwork, layer: ConvLayer, input: ArrayLike<number>): ArrayLike<number> {
  const model = opened.get(layer) ?? openFastModel(alone(network, layer));
  opened.set(layer, model);
  return model.run(Uint16Array.from(input)).get(layer.output)!;
}

function alone(network: IntegerNetwork, layer: ConvLayer): IntegerNetwork {
  return {
    ...network,
    inputs: [{ ...network.inputs[0]!, tensor: layer.input }],
    outputs: [{ ...network.outputs[0]!, tensor: layer.output }],
    layers: [{ ...layer, requantize: null }],
  };
}

export function tensorOf(network: IntegerNetwork, name: string): CodeTensor {
  return network.tensors[name]!;
}
