/** Post-training quantization: float graph and calibration -> integer network. */
import { SystoleError } from '../base/error.js';
import type { Graph } from '../frontend/graph.js';
import { accRanges, widestRange } from './acc-range.js';
import { activationRange, inputRange } from './activations.js';
import type { Calibration, TensorStatistics } from './calibrate.js';
import { type RequantizeWidths, requantizeConstants } from './certificate.js';
import { checkNetwork } from './check-network.js';
import { type FloatConv, type FloatLayer, lowerGraph, mapShape } from './lower.js';
import type { CodeTensor, ConvLayer, Exactness, IntegerNetwork, Layer, OutputStage, Requantize } from './network.js';
import { realQuantizer } from './quantizer.js';
import { type QuantizedWeights, quantizeWeights } from './weights.js';

export interface QuantizeOptions {
  /** 1 = bipolar; else two's complement. */
  readonly weights: 1 | 2 | 3 | 4 | 8;
  /** 1..8 */
  readonly activations: number;
  /** 8: first and last layer keep 8-bit weights and inputs; 'same': as all others. */
  readonly ends: 8 | 'same';
  readonly widths: RequantizeWidths;
  /** On unless false. */
  readonly biasCorrection?: boolean;
}

const END_BITS = 8;

/**
 * The integer network of a float graph.
 * @throws SystoleError calibration-needed when a tensor was not calibrated; option-invalid for impossible widths.
 */
export function quantizeGraph(graph: Graph, calibration: Calibration, options: QuantizeOptions): IntegerNetwork {
  checkOptions(options);
  const layers = lowerGraph(graph);
  const ends = endLayers(layers);
  const tensors = chooseTensors(graph, layers, calibration, options, ends);
  const made = layers.map((layer) => makeLayer(layer, graph, tensors, calibration, options, ends));
  const last = made.find(({ layer }) => layer.output === graph.output.name);
  if (last === undefined) {
    throw new SystoleError('graph-invalid', 'no layer makes the output', { where: graph.output.name });
  }
  const network: IntegerNetwork = {
    name: graph.name,
    input: {
      tensor: graph.input.name,
      modelName: graph.input.name,
      shape: graph.input.layout?.modelShape ?? graph.input.shape,
      ...(graph.input.layout ? { layout: graph.input.layout } : {}),
    },
    output: outputStage(graph, last.layer, tensors, last.output),
    tensors: Object.fromEntries(tensors),
    layers: made.map(({ layer }) => layer),
  };
  checkNetwork(network);
  return network;
}

interface Ends {
  readonly first: FloatConv | undefined;
  readonly last: FloatConv | undefined;
}

interface MadeLayer {
  readonly layer: Layer;
  /** Of a layer whose raw accumulators leave the machine. */
  readonly output: { readonly scale: readonly number[]; readonly bias: readonly number[] } | null;
}

function checkOptions(options: QuantizeOptions): void {
  const { activations, weights } = options;
  if (!Number.isInteger(activations) || activations < 1 || activations > 8) {
    throw new SystoleError('option-invalid', 'activations have an impossible width', {
      where: '--activations',
      expected: '1 to 8 bits',
      actual: `${activations}`,
    });
  }
  if (![1, 2, 3, 4, 8].includes(weights)) {
    throw new SystoleError('option-invalid', 'weights have an impossible width', {
      where: '--weights',
      expected: '1, 2, 3, 4 or 8 bits',
      actual: `${weights}`,
    });
  }
}

function endLayers(layers: readonly FloatLayer[]): Ends {
  const useful = layers.filter((layer): layer is FloatConv => layer.kind === 'conv' && layer.useful);
  return { first: useful[0], last: useful.at(-1) };
}

/** Scale, zero and bits of every tensor; a max pool hands its input's on. */
function chooseTensors(
  graph: Graph,
  layers: readonly FloatLayer[],
  calibration: Calibration,
  options: QuantizeOptions,
  ends: Ends,
): Map<string, CodeTensor> {
  const wide = new Set<string>([graph.output.name]);
  if (options.ends === END_BITS) {
    wide.add(graph.input.name);
    if (ends.last !== undefined) wide.add(ends.last.input);
    // Codes pass through a max pool unchanged, so its input is as wide.
    for (const layer of [...layers].reverse()) {
      if (layer.kind === 'maxpool' && wide.has(layer.output)) wide.add(layer.input);
    }
  }
  const bitsOf = (name: string): number => (wide.has(name) ? END_BITS : options.activations);
  const tensors = new Map<string, CodeTensor>();
  const put = (name: string, bits: number, range: { scale: number; zero: number }): void => {
    tensors.set(name, { name, ...mapShape(graph, name), bits, ...range });
  };
  const input = graph.input.name;
  put(input, bitsOf(input), inputRange(statisticsOf(calibration, input), bitsOf(input)));
  for (const layer of layers) {
    if (layer.kind === 'maxpool') {
      const from = tensors.get(layer.input)!;
      put(layer.output, from.bits, { scale: from.scale, zero: from.zero });
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

function makeLayer(
  layer: FloatLayer,
  graph: Graph,
  tensors: ReadonlyMap<string, CodeTensor>,
  calibration: Calibration,
  options: QuantizeOptions,
  ends: Ends,
): MadeLayer {
  if (layer.kind === 'maxpool') return { layer: { ...layer, exactness: { kind: 'exact' } }, output: null };
  const input = tensors.get(layer.input)!;
  const output = tensors.get(layer.output)!;
  const isEnd = layer === ends.first || layer === ends.last;
  const bits = layer.fixed !== null ? 2 : isEnd && options.ends === END_BITS ? END_BITS : options.weights;
  const quantized = layer.fixed ?? quantizeWeights(layer.weights, output.channels, bits);
  const correct = layer.fixed === null && options.biasCorrection !== false;
  const bias = correct
    ? correctedBias(layer, quantized, statisticsOf(calibration, layer.input), output.channels)
    : layer.bias;
  const ranges = accRanges(quantized.codes, output.channels, 2 ** input.bits - 1);
  const raw = leavesRaw(layer, graph);
  const found = raw ? null : requantization(layer, quantized, bias, ranges, tensors, options.widths);
  const conv: ConvLayer = {
    kind: 'conv',
    name: layer.name,
    sources: layer.sources,
    input: layer.input,
    output: layer.output,
    kernel: layer.kernel,
    strides: layer.strides,
    dilations: layer.dilations,
    pads: layer.pads,
    groups: layer.groups,
    weights: quantized.codes,
    weightFormat: { bits },
    useful: layer.useful,
    requantize: found?.requantize ?? null,
    accRange: widestRange(ranges),
    exactness: found?.exactness ?? { kind: 'exact' },
  };
  return { layer: conv, output: raw ? rawOutput(quantized, bias, input) : null };
}

/** The last convolution's accumulators leave as they are when nothing else needs its codes. */
function leavesRaw(layer: FloatConv, graph: Graph): boolean {
  const used = graph.nodes.some((node) =>
    node.kind === 'add' ? node.inputs.includes(layer.output) : node.input === layer.output,
  );
  const clamped = layer.clamp.min !== null || layer.clamp.max !== null;
  return layer.output === graph.output.name && layer.useful && layer.residual === null && !clamped && !used;
}

/** real = scale*acc + bias; the input's zero point is in the bias. */
function rawOutput(quantized: QuantizedWeights, bias: Float32Array, input: CodeTensor): MadeLayer['output'] {
  const sums = weightSums(quantized.codes, bias.length);
  const scale = quantized.scales.map((s) => Math.fround(s * input.scale));
  return { scale, bias: scale.map((s, c) => Math.fround(bias[c]! - s * input.zero * sums[c]!)) };
}

function requantization(
  layer: FloatConv,
  quantized: QuantizedWeights,
  bias: Float32Array,
  ranges: readonly { readonly min: number; readonly max: number }[],
  tensors: ReadonlyMap<string, CodeTensor>,
  widths: RequantizeWidths,
): { readonly requantize: Requantize; readonly exactness: Exactness } {
  const input = tensors.get(layer.input)!;
  const output = tensors.get(layer.output)!;
  const residual = layer.residual === null ? null : tensors.get(layer.residual)!;
  const sums = weightSums(quantized.codes, output.channels);
  const { lo, hi } = codeLimits(layer, output);
  const channels = ranges.map((range, c) => {
    const real = realQuantizer({
      weightScale: quantized.scales[c]!,
      inputScale: input.scale,
      inputZero: input.zero,
      weightSum: sums[c]!,
      bias: bias[c]!,
      residual,
      outputScale: output.scale,
      outputZero: output.zero,
      lo,
      hi,
    });
    return requantizeConstants(real, range, residual === null ? 1 : 2 ** residual.bits, widths);
  });
  return {
    requantize: {
      m: channels.map((c) => c.m),
      b: channels.map((c) => c.b),
      n: channels.map((c) => c.n),
      round: 'floor',
      lo,
      hi,
      residual: residual === null ? null : { tensor: residual.name, m: channels.map((c) => c.r) },
    },
    exactness: sumExactness(channels.map((c) => c.exactness)),
  };
}

/** Clamping reals and then quantizing is clamping codes: quantization is monotone. */
function codeLimits(layer: FloatConv, output: CodeTensor): { readonly lo: number; readonly hi: number } {
  const top = 2 ** output.bits - 1;
  const code = (real: number): number => Math.min(top, Math.max(0, Math.round(real / output.scale) + output.zero));
  return {
    lo: layer.clamp.min === null ? 0 : code(layer.clamp.min),
    hi: layer.clamp.max === null ? top : code(layer.clamp.max),
  };
}

/** Bias correction (Nagel et al. 2019): what quantizing the weights adds to a channel on average is taken off its bias. */
function correctedBias(
  layer: FloatConv,
  quantized: QuantizedWeights,
  input: TensorStatistics,
  channels: number,
): Float32Array {
  const taps = layer.weights.length / channels;
  const perTap = layer.groups === 1 ? inputChannelsPerTap(layer, taps) : 1;
  return layer.bias.map((b, c) => {
    let shift = 0;
    for (let t = 0; t < taps; t++) {
      const channel = layer.groups === 1 ? t % perTap : c;
      const error = layer.weights[c * taps + t]! - quantized.scales[c]! * quantized.codes[c * taps + t]!;
      shift += error * (input.channelMeans[channel] ?? 0);
    }
    return Math.fround(b + shift);
  });
}

function inputChannelsPerTap(layer: FloatConv, taps: number): number {
  return taps / (layer.kernel[0] * layer.kernel[1]);
}

function weightSums(codes: Int8Array, channels: number): number[] {
  const taps = codes.length / channels;
  return Array.from({ length: channels }, (_, c) =>
    codes.subarray(c * taps, (c + 1) * taps).reduce((a, w) => a + w, 0),
  );
}

function sumExactness(channels: readonly Exactness[]): Exactness {
  const wrong = channels.filter((e) => e.kind === 'approximate');
  if (wrong.length === 0) return { kind: 'exact' };
  return {
    kind: 'approximate',
    differing: wrong.reduce((sum, e) => sum + e.differing, 0),
    maxCodes: Math.max(...wrong.map((e) => e.maxCodes)),
  };
}

function outputStage(
  graph: Graph,
  layer: Layer,
  tensors: ReadonlyMap<string, CodeTensor>,
  raw: MadeLayer['output'],
): OutputStage {
  const tensor = tensors.get(layer.output)!;
  return {
    tensor: layer.output,
    form: raw === null ? 'codes' : 'accumulators',
    scale: raw?.scale ?? [tensor.scale],
    bias: raw?.bias ?? [],
    steps: graph.epilogue,
    shape: graph.output.shape,
    modelName: graph.modelOutput.name,
    modelShape: graph.modelOutput.shape,
  };
}
