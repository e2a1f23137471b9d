import type { CodeTensor, MaxPoolLayer } from '../network.js';
import { paddedMap } from './padded-map.js';

/** Codes to codes, NHWC. Code 0 never wins over a code of the map, so it can stand for the taps outside. */
export function prepareMaxPool(
  layer: MaxPoolLayer,
  from: CodeTensor,
  to: CodeTensor,
): (input: Int32Array) => Int32Array {
  const map = paddedMap(layer, from, to, 0);
  const { channels } = from;
  const [kh, kw] = layer.kernel;
  return (input) => {
    const codes = map.fill(input);
    const out = new Int32Array(to.height * to.width * channels);
    for (let y = 0; y < to.height; y++) {
      for (let x = 0; x < to.width; x++) {
        const at = (y * to.width + x) * channels;
        for (let k = 0; k < kh * kw; k++) {
          const row = y * layer.strides[0] + Math.floor(k / kw) * layer.dilations[0];
          const column = x * layer.strides[1] + (k % kw) * layer.dilations[1];
          const i = (row * map.width + column) * channels;
          for (let c = 0; c < channels; c++) if (codes[i + c]! > out[at + c]!) out[at + c] = codes[i + c]!;
        }
      }
    }
    return out;
  };
}
