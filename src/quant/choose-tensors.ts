/** Bits, scale and zero of every tensor, from calibration. */
import { SystoleError } from '../base/error.js';
import type { Graph } from '../frontend/graph.js';
import { activationRange, inputRange } from './activations.js';
import type { Calibration, TensorStatistics } from './calibrate.js';
import { type FloatConv, type FloatLayer, mapShape } from './lower.js';
import type { CodeTensor } from './network.js';
import { END_BITS, type QuantizeOptions } from './options.js';

export interface Ends {
  readonly first: FloatConv | undefined;
  readonly last: FloatConv | undefined;
}

/** The first and the last Conv, Gemm or MatMul of the model. */
export function endLayers(layers: readonly FloatLayer[]): Ends {
  const useful = layers.filter((layer): layer is FloatConv => layer.kind === 'conv' && layer.useful);
  return { first: useful[0], last: useful.at(-1) };
}

/**
 * By name. A max pool hands its input's codes on.
 * @throws SystoleError calibration-needed when a tensor was not calibrated
 */
export function chooseTensors(
  graph: Graph,
  layers: readonly FloatLayer[],
  calibration: Calibration,
  options: QuantizeOptions,
): Map<string, CodeTensor> {
  const wide = wideTensors(graph, layers, options);
  const bitsOf = (name: string): number => (wide.has(name) ? END_BITS : options.activations);
  const tensors = new Map<string, CodeTensor>();
  const put = (name: string, bits: number, range: { readonly scale: number; readonly zero: number }): void => {
    tensors.set(name, { name, ...mapShape(graph, name), bits, ...range });
  };
  const input = graph.inputs[0]!.name;
  put(input, bitsOf(input), inputRange(statisticsOf(calibration, input), bitsOf(input)));
  for (const layer of layers) {
    if (layer.kind === 'maxpool') {
      const { bits, scale, zero } = tensors.get(layer.input)!;
      put(layer.output, bits, { scale, zero });
      continue;
    }
    const bits = bitsOf(layer.output);
    put(layer.output, bits, activationRange(statisticsOf(calibration, layer.output), bits));
  }
  return tensors;
}

function statisticsOf(calibration: Calibration, name: string): TensorStatistics {
  const statistics = calibration.tensors.get(name);
  if (statistics === undefined) {
    throw new SystoleError('calibration-needed', 'a tensor was not calibrated', { where: name });
  }
  return statistics;
}

/** The output, and with wide ends what the first and the last layer read. */
function wideTensors(graph: Graph, layers: readonly FloatLayer[], options: QuantizeOptions): Set<string> {
  const wide = new Set<string>([graph.outputs[0]!.name]);
  if (options.ends === 'same') return wide;
  const { last } = endLayers(layers);
  wide.add(graph.inputs[0]!.name);
  if (last !== undefined) wide.add(last.input);
  // Codes pass through a max pool unchanged, so its input is as wide.
  for (const layer of [...layers].reverse()) {
    if (layer.kind === 'maxpool' && wide.has(layer.output)) wide.add(layer.input);
  }
  return wide;
}
