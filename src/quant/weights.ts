/** Weight quantization per output channel, scales by least squared error. */

export interface QuantizedWeights {
  /** Codes in the order given. */
  readonly codes: Int8Array;
  /** float32, one a channel, positive. */
  readonly scales: readonly number[];
}

/** Fractions of the channel's largest weight tried as the largest code; each is refined by alternating least squares. */
const CANDIDATES = Array.from({ length: 40 }, (_, i) => 0.22 + i * 0.02);

/**
 * @param weights [channels][taps]
 * @param bits 1 = bipolar {-1, +1}; 2..8 two's complement
 */
export function quantizeWeights(weights: Float32Array, channels: number, bits: number): QuantizedWeights {
  const taps = weights.length / channels;
  const codes = new Int8Array(weights.length);
  const scales: number[] = [];
  for (let c = 0; c < channels; c++) {
    const channel = weights.subarray(c * taps, (c + 1) * taps);
    scales.push(bits === 1 ? bipolar(channel, codes, c * taps) : twosComplement(channel, bits, codes, c * taps));
  }
  return { codes, scales };
}

/** The least-squares scale of signs is the mean magnitude (XNOR-Net, Rastegari et al. 2016). */
function bipolar(channel: Float32Array, codes: Int8Array, at: number): number {
  let sum = 0;
  channel.forEach((w, i) => {
    sum += Math.abs(w);
    codes[at + i] = w < 0 ? -1 : 1;
  });
  return positive(sum / channel.length);
}

function twosComplement(channel: Float32Array, bits: number, codes: Int8Array, at: number): number {
  const most = 2 ** (bits - 1) - 1;
  let largest = 0;
  for (const w of channel) largest = Math.max(largest, Math.abs(w));
  let best = positive(largest / most);
  let bestError = squaredError(channel, best, most);
  for (const fraction of CANDIDATES) {
    let scale = positive((largest * fraction) / most);
    for (let round = 0; round < 4; round++) scale = positive(leastSquares(channel, scale, most));
    const error = squaredError(channel, scale, most);
    if (error < bestError) {
      best = scale;
      bestError = error;
    }
  }
  channel.forEach((w, i) => {
    codes[at + i] = code(w, best, most);
  });
  return best;
}

function code(w: number, scale: number, most: number): number {
  return Math.max(-most - 1, Math.min(most, Math.round(w / scale)));
}

/** The scale that fits the codes of the given scale best. */
function leastSquares(channel: Float32Array, scale: number, most: number): number {
  let cross = 0;
  let square = 0;
  for (const w of channel) {
    const q = code(w, scale, most);
    cross += w * q;
    square += q * q;
  }
  return square === 0 ? scale : cross / square;
}

function squaredError(channel: Float32Array, scale: number, most: number): number {
  let error = 0;
  for (const w of channel) error += (w - scale * code(w, scale, most)) ** 2;
  return error;
}

/** A usable float32 scale: a channel of zeros gets one too. */
function positive(scale: number): number {
  const rounded = Math.fround(scale);
  return rounded > 2 ** -100 && Number.isFinite(rounded) ? rounded : 2 ** -20;
}
