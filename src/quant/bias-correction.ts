/**
 * Bias correction (Nagel et al. 2019): what rounding the weights adds to a channel on average is taken off its bias.
 * The average is over what the layer reads in the integer network, not in the float one: where the two drift apart, the
 * rounding error grows with the former.
 */
import type { FloatConv, MapShape } from './float-network.js';
import type { QuantizedWeights } from './weights.js';

/**
 * @param weights [Cout][kh][kw][Cin/groups]
 * @param inputMeans mean of each element of the input, [C][H][W]
 */
export function correctedBias(
  layer: FloatConv,
  weights: Float32Array,
  quantized: QuantizedWeights,
  inputMeans: Float64Array,
  input: MapShape,
  output: MapShape,
): Float32Array {
  const perGroup = input.channels / layer.groups;
  const outputsPerGroup = output.channels / layer.groups;
  const positions = layer.kernel[0] * layer.kernel[1];
  const means = tapMeans(layer, inputMeans, input, output);
  return layer.bias.map((b, c) => {
    const firstChannel = Math.floor(c / outputsPerGroup) * perGroup;
    let shift = 0;
    for (let k = 0; k < positions; k++) {
      for (let ci = 0; ci < perGroup; ci++) {
        const at = (c * positions + k) * perGroup + ci;
        const error = weights[at]! - quantized.scales[c]! * quantized.codes[at]!;
        shift += error * means[k * input.channels + firstChannel + ci]!;
      }
    }
    return Math.fround(b + shift);
  });
}

/** [kh][kw][C]: what a tap sees on average over all output pixels, zeros where it is padded. */
function tapMeans(layer: FloatConv, inputMeans: Float64Array, input: MapShape, output: MapShape): Float64Array {
  const [kh, kw] = layer.kernel;
  const means = new Float64Array(kh * kw * input.channels);
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < kw; kx++) {
      for (let oy = 0; oy < output.height; oy++) {
        const y = oy * layer.strides[0] + ky * layer.dilations[0] - layer.pads[0];
        if (y < 0 || y >= input.height) continue;
        for (let ox = 0; ox < output.width; ox++) {
          const x = ox * layer.strides[1] + kx * layer.dilations[1] - layer.pads[1];
          if (x < 0 || x >= input.width) continue;
          for (let c = 0; c < input.channels; c++) {
            const at = (ky * kw + kx) * input.channels + c;
            means[at] = means[at]! + inputMeans[(c * input.height + y) * input.width + x]!;
          }
        }
      }
    }
  }
  return means.map((sum) => sum / (output.height * output.width));
}
