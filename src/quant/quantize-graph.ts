/** Post-training quantization: float graph and calibration -> integer network. */
import { SystoleError } from '../base/error.js';
import type { Graph } from '../frontend/graph.js';
import { operandsOf } from '../frontend/graph-nodes.js';
import { correctedBias } from './bias-correction.js';
import type { Calibration } from './calibrate.js';
import { type CalibrationRun, calibrationRun } from './calibration-run.js';
import { checkNetwork } from './check-network.js';
import { chooseTensors, type Ends, endLayers } from './choose-tensors.js';
import { type FloatConv, lowerGraph, mapShape } from './lower.js';
import type { CodeTensor, IntegerNetwork, Layer, OutputTensor } from './network.js';
import { networkInput } from './network-input.js';
import { checkOptions, END_BITS, type QuantizeOptions } from './options.js';
import { type LayerNumbers, quantizeLayer, weightSums } from './quantize-layer.js';
import { quantizeWeights } from './weights.js';

export type { QuantizeOptions } from './options.js';

/** Codes of pools, residual adds and affine layers are -1, 0 and 1. */
const FIXED_BITS = 2;

/**
 * The integer network of a float graph.
 * @throws SystoleError calibration-needed when a tensor was not calibrated; option-invalid for impossible widths;
 * accumulator-range beyond 32 bits
 */
export function quantizeGraph(graph: Graph, calibration: Calibration, options: QuantizeOptions): IntegerNetwork {
  checkOptions(options);
  const floatLayers = lowerGraph(graph);
  const ends = endLayers(floatLayers);
  const tensors = chooseTensors(graph, floatLayers, calibration, options);
  const inputs = options.biasCorrection === false ? [] : calibration.inputs;
  const run = calibrationRun(Object.fromEntries(tensors), floatLayers, graph.inputs[0]!.name, inputs);
  let output: OutputTensor | null = null;
  const layers = floatLayers.map((layer): Layer => {
    const isOutput = layer.output === graph.outputs[0]!.name;
    if (layer.kind === 'maxpool') {
      if (isOutput) output = codesOutput(graph, tensors.get(layer.output)!);
      const made: Layer = { ...layer, exactness: { kind: 'exact' } };
      run.add(made);
      return made;
    }
    const numbers = layerNumbers(layer, graph, options, ends, run);
    const input = tensors.get(layer.input)!;
    const raw = leavesRaw(layer, graph);
    if (isOutput) output = raw ? rawOutput(graph, numbers, input) : codesOutput(graph, tensors.get(layer.output)!);
    const residual = layer.residual === null ? null : tensors.get(layer.residual)!;
    const around = { input, output: tensors.get(layer.output)!, residual };
    const made = quantizeLayer(layer, numbers, around, raw, options.widths);
    run.add(made);
    return made;
  });
  if (output === null) {
    throw new SystoleError('graph-invalid', 'no layer makes the output', { where: graph.outputs[0]!.name });
  }
  const network: IntegerNetwork = {
    name: graph.name,
    inputs: graph.inputs.map((input) => networkInput(input, input.name)),
    outputs: [output],
    host: graph.host,
    modelOutputs: graph.modelOutputs,
    tensors: Object.fromEntries(tensors),
    layers,
  };
  checkNetwork(network);
  return network;
}

function layerNumbers(
  layer: FloatConv,
  graph: Graph,
  options: QuantizeOptions,
  ends: Ends,
  run: CalibrationRun,
): LayerNumbers {
  const { weights, bias } = layer;
  if (weights.kind === 'fixed') return { ...weights, ownScales: false, bias, weightBits: FIXED_BITS };
  const isEnd = layer === ends.first || layer === ends.last;
  const weightBits = isEnd && options.ends === END_BITS ? END_BITS : options.weights;
  const quantized = quantizeWeights(weights.data, bias.length, weightBits);
  const shared = { ...quantized, divisor: 1, ownScales: true, weightBits };
  if (options.biasCorrection === false) return { ...shared, bias };
  const [input, output] = [mapShape(graph, layer.input), mapShape(graph, layer.output)];
  return { ...shared, bias: correctedBias(layer, weights.data, quantized, run.means(layer.input), input, output) };
}

/** The last layer's accumulators leave as they are when nothing else needs its codes. */
function leavesRaw(layer: FloatConv, graph: Graph): boolean {
  const used = graph.nodes.some((node) => operandsOf(node).includes(layer.output));
  const clamped = layer.clamp.min !== null || layer.clamp.max !== null;
  return layer.output === graph.outputs[0]!.name && layer.residual === null && !clamped && !used;
}

/** real = scale*acc + bias; the input's zero point is in the bias. */
function rawOutput(graph: Graph, numbers: LayerNumbers, input: CodeTensor): OutputTensor {
  const sums = weightSums(numbers.codes, numbers.bias.length);
  const scale = numbers.scales.map((s) => Math.fround((s * input.scale) / numbers.divisor));
  const bias = scale.map((s, c) => Math.fround(numbers.bias[c]! - s * input.zero * sums[c]!));
  return { ...outputShape(graph), form: 'accumulators', scale, bias };
}

function codesOutput(graph: Graph, tensor: CodeTensor): OutputTensor {
  return { ...outputShape(graph), form: 'codes', scale: [tensor.scale], bias: [] };
}

function outputShape(graph: Graph): Omit<OutputTensor, 'form' | 'scale' | 'bias'> {
  return {
    tensor: graph.outputs[0]!.name,
    name: graph.outputs[0]!.name,
    shape: graph.outputs[0]!.shape,
  };
}
