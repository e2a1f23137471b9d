/** Post-training quantization: float graph and calibration -> integer network. */
import { SystoleError } from '../base/error.js';
import type { Graph } from '../frontend/graph.js';
import { correctedBias } from './bias-correction.js';
import type { Calibration } from './calibrate.js';
import { type CalibrationRun, calibrationRun } from './calibration-run.js';
import { checkNetwork } from './check-network.js';
import { chooseTensors } from './choose-tensors.js';
import { type Ends, endLayers } from './ends.js';
import {
  type FloatArrange,
  type FloatConv,
  type FloatLayer,
  type FloatNetwork,
  floatOperands,
} from './float-network.js';
import { separateInputs } from './grids.js';
import { lowerGraph } from './lower.js';
import type { ArrangeLayer, CodeTensor, IntegerNetwork, Layer, OutputTensor } from './network.js';
import { networkInput } from './network-input.js';
import { bitsOfTables, checkOptions, END_BITS, type QuantizeOptions, requireTableBits } from './options.js';
import { type LayerNumbers, type LayerSetting, quantizeLayer, quantizeMul, weightSums } from './quantize-layer.js';
import { codeOf } from './quantizer.js';
import type { TensorStatistics } from './tensor-statistics.js';
import { quantizeWeights } from './weights.js';

export type { QuantizeOptions } from './options.js';

/** Codes of pools, residual adds and affine layers are -1, 0 and 1. */
const FIXED_BITS = 2;

/**
 * The integer network of a float graph.
 * @throws SystoleError calibration-needed when a tensor was not calibrated; option-invalid for impossible widths;
 * network-unsupported for what no layer does; accumulator-range beyond 32 bits; memory-too-small for more tables than entries
 */
export function quantizeGraph(graph: Graph, calibration: Calibration, options: QuantizeOptions): IntegerNetwork {
  checkOptions(options);
  const ports = { inputs: graph.inputs.map(({ name }) => name), outputs: graph.outputs.map(({ name }) => name) };
  const network = separateInputs(lowerGraph(graph, bitsOfTables(1, options) > 0), ports.inputs);
  const tables = network.layers.filter((layer) => 'function' in layer && layer.function?.kind === 'table');
  const statisticsOf = seenStatistics(network, calibration);
  const tensors = chooseTensors(network, ports, statisticsOf, options);
  const run = calibrationRun(
    Object.fromEntries(tensors),
    network.layers,
    options.biasCorrection === false ? [] : calibration.inputs,
  );
  const bits = requireTableBits(tables.length, options);
  const setting: LayerSetting = { widths: options.widths, tables: { bits, statisticsOf } };
  const maker: Maker = { network, tensors, setting, options, run, ends: endLayers(network.layers), raw: new Map() };
  const read = new Set(network.layers.flatMap(floatOperands));
  const layers = network.layers.map((layer) => {
    const made = makeLayer(maker, layer, ports.outputs.includes(layer.output) && !read.has(layer.output));
    run.add(made);
    return made;
  });
  const order = new Map(layers.map((layer, i) => [layer.output, i]));
  const outputs = [...graph.outputs].sort((a, b) => order.get(a.name)! - order.get(b.name)!);
  const made: IntegerNetwork = {
    name: graph.name,
    inputs: graph.inputs.map((input) => networkInput(input, input.name)),
    outputs: outputs.map(({ name, shape }) => ({ tensor: name, name, shape, ...realForm(maker, name) })),
    host: graph.host,
    modelOutputs: graph.modelOutputs,
    tensors: Object.fromEntries(tensors),
    layers,
  };
  checkNetwork(made);
  return made;
}

function seenStatistics(network: FloatNetwork, calibration: Calibration): (name: string) => TensorStatistics {
  return (name) => {
    const statistics = calibration.tensors.get(network.seenAs.get(name) ?? name);
    if (statistics === undefined) {
      throw new SystoleError('calibration-needed', 'a tensor was not calibrated', { where: name });
    }
    return statistics;
  };
}

type RealForm = Pick<OutputTensor, 'form' | 'scale' | 'bias'>;

interface Maker {
  readonly network: FloatNetwork;
  readonly tensors: ReadonlyMap<string, CodeTensor>;
  readonly setting: LayerSetting;
  readonly options: QuantizeOptions;
  readonly ends: Ends<FloatConv>;
  readonly run: CalibrationRun;
  /** By tensor: how its raw accumulators become reals. */
  readonly raw: Map<string, RealForm>;
}

/** @param leaves the layer makes an output that nothing else reads */
function makeLayer(maker: Maker, layer: FloatLayer, leaves: boolean): Layer {
  const { tensors, setting } = maker;
  const tensor = (name: string): CodeTensor => tensors.get(name)!;
  switch (layer.kind) {
    case 'maxpool':
      return { ...layer, exactness: { kind: 'exact' } };
    case 'arrange':
      return arranged(layer, tensor(layer.output));
    case 'mul': {
      const inputs = [tensor(layer.inputs[0]), tensor(layer.inputs[1])] as const;
      return quantizeMul(layer, { inputs, output: tensor(layer.output) }, setting);
    }
    case 'conv': {
      const numbers = layerNumbers(layer, maker);
      const residual = layer.residual === null ? null : tensor(layer.residual.tensor);
      const around = { input: tensor(layer.input), output: tensor(layer.output), residual };
      const raw = leaves && isBare(layer);
      if (raw) maker.raw.set(layer.output, rawForm(numbers, around.input));
      return quantizeLayer(layer, numbers, around, raw, setting);
    }
  }
}

/** Codes move as they are; the fill becomes a code as every value does. */
function arranged(layer: FloatArrange, output: CodeTensor): ArrangeLayer {
  return { ...layer, fill: codeOf(layer.fill, output, 2 ** output.bits - 1), exactness: { kind: 'exact' } };
}

/** Nothing stands behind the sum but what the host does. */
function isBare({ clamp, residual, function: applied }: FloatConv): boolean {
  return clamp.min === null && clamp.max === null && residual === null && applied === null;
}

function layerNumbers(layer: FloatConv, { network, options, ends, run }: Maker): LayerNumbers {
  const { weights, bias } = layer;
  if (weights.kind === 'fixed') return { ...weights, ownScales: false, bias, weightBits: FIXED_BITS };
  const isEnd = ends.first.has(layer) || ends.last.has(layer);
  const weightBits = isEnd && options.ends === END_BITS ? END_BITS : options.weights;
  const quantized = quantizeWeights(weights.data, bias.length, weightBits);
  const shared = { ...quantized, divisor: 1, ownScales: true, weightBits };
  if (options.biasCorrection === false) return { ...shared, bias };
  const [input, output] = [network.shapes.get(layer.input)!, network.shapes.get(layer.output)!];
  return { ...shared, bias: correctedBias(layer, weights.data, quantized, run.means(layer.input), input, output) };
}

/** real = scale*acc + bias; the input's zero point is in the bias. */
function rawForm(numbers: LayerNumbers, input: CodeTensor): RealForm {
  const sums = weightSums(numbers.codes, numbers.bias.length);
  const scale = numbers.scales.map((s) => Math.fround((s * input.scale) / numbers.divisor));
  const bias = scale.map((s, c) => Math.fround(numbers.bias[c]! - s * input.zero * sums[c]!));
  return { form: 'accumulators', scale, bias };
}

function realForm({ tensors, raw }: Maker, name: string): RealForm {
  return raw.get(name) ?? { form: 'codes', scale: [tensors.get(name)!.scale], bias: [] };
}
