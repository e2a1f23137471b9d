/** Convolutions of one layer's shape: the window's taps as runs of consecutive codes, four output channels at a time. */
import type { CodeTensor, ConvLayer, WeightArray } from '../network.js';
import { paddedMap } from './padded-map.js';

type Convolution = (input: Int32Array) => Int32Array;

const BLOCK = 4;

/** Input codes to accumulators, both NHWC. */
export function prepareConvolution(layer: ConvLayer, from: CodeTensor, to: CodeTensor): Convolution {
  return layer.groups === 1 ? prepareDense(layer, from, to) : prepareDepthwise(layer, from, to);
}

function prepareDense(layer: ConvLayer, from: CodeTensor, to: CodeTensor): Convolution {
  const map = paddedMap(layer, from, to, from.zero);
  const { starts, length } = windowRuns(layer, from.channels, map.width);
  const taps = starts.length * length;
  const weights = blockedWeights(layer.weights, to.channels, taps);
  const [rowStep, pixelStep] = pixelSteps(layer, from.channels, map.width);
  return (input) => {
    const codes = map.fill(input);
    const out = new Int32Array(to.height * to.width * to.channels);
    for (let co = 0; co < to.channels; co += BLOCK) {
      const rest = to.channels - co;
      for (let y = 0; y < to.height; y++) {
        for (let x = 0; x < to.width; x++) {
          const pixel = y * rowStep + x * pixelStep;
          let [a0, a1, a2, a3, w] = [0, 0, 0, 0, co * taps];
          for (let run = 0; run < starts.length; run++) {
            let i = pixel + starts[run]!;
            for (const end = i + length; i < end; i++, w += BLOCK) {
              const code = codes[i]!;
              a0 = (a0 + Math.imul(code, weights[w]!)) | 0;
              a1 = (a1 + Math.imul(code, weights[w + 1]!)) | 0;
              a2 = (a2 + Math.imul(code, weights[w + 2]!)) | 0;
              a3 = (a3 + Math.imul(code, weights[w + 3]!)) | 0;
            }
          }
          const at = (y * to.width + x) * to.channels + co;
          out[at] = a0;
          if (rest > 1) out[at + 1] = a1;
          if (rest > 2) out[at + 2] = a2;
          if (rest > 3) out[at + 3] = a3;
        }
      }
    }
    return out;
  };
}

function prepareDepthwise(layer: ConvLayer, from: CodeTensor, to: CodeTensor): Convolution {
  const map = paddedMap(layer, from, to, from.zero);
  const { channels } = from;
  const starts = tapStarts(layer, channels, map.width);
  const weights = transposed(layer.weights, channels, starts.length);
  const [rowStep, pixelStep] = pixelSteps(layer, channels, map.width);
  return (input) => {
    const codes = map.fill(input);
    const out = new Int32Array(to.height * to.width * channels);
    for (let y = 0; y < to.height; y++) {
      for (let x = 0; x < to.width; x++) {
        const at = (y * to.width + x) * channels;
        for (let tap = 0; tap < starts.length; tap++) {
          const i = y * rowStep + x * pixelStep + starts[tap]!;
          const w = tap * channels;
          for (let c = 0; c < channels; c++) out[at + c] = out[at + c]! + Math.imul(codes[i + c]!, weights[w + c]!);
        }
      }
    }
    return out;
  };
}

/** Steps in codes from one output pixel's window to the next one's, by row and by column. */
function pixelSteps(layer: ConvLayer, channels: number, width: number): readonly [number, number] {
  return [layer.strides[0] * width * channels, layer.strides[1] * channels];
}

/** Where each tap's channels start, from the window's first code, ky before kx. */
function tapStarts(layer: ConvLayer, channels: number, width: number): number[] {
  const [kh, kw] = layer.kernel;
  return Array.from({ length: kh * kw }, (_, k) => {
    const [ky, kx] = [Math.floor(k / kw), k % kw];
    return (ky * layer.dilations[0] * width + kx * layer.dilations[1]) * channels;
  });
}

/** Undilated, the taps of a kernel row lie side by side. */
function windowRuns(layer: ConvLayer, channels: number, width: number): { starts: number[]; length: number } {
  const starts = tapStarts(layer, channels, width);
  const kw = layer.kernel[1];
  if (layer.dilations[1] !== 1) return { starts, length: channels };
  return { starts: starts.filter((_, k) => k % kw === 0), length: kw * channels };
}

/** [Cout][taps] as [Cout/4][taps][4], zeros behind the last channel. */
function blockedWeights(weights: WeightArray, channels: number, taps: number): Int32Array {
  const blocked = new Int32Array(Math.ceil(channels / BLOCK) * BLOCK * taps);
  for (let co = 0; co < channels; co++) {
    const block = co - (co % BLOCK);
    for (let t = 0; t < taps; t++) blocked[block * taps + t * BLOCK + (co % BLOCK)] = weights[co * taps + t]!;
  }
  return blocked;
}

/** [C][taps] as [taps][C] */
function transposed(weights: WeightArray, channels: number, taps: number): Int32Array {
  return Int32Array.from(
    { length: weights.length },
    (_, i) => weights[(i % channels) * taps + Math.floor(i / channels)]!,
  );
}
