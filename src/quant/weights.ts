/** Weight quantization per output channel, scales by least squared error. */

export interface QuantizedWeights {
  /** Codes in the order given. */
  readonly codes: Int8Array;
  /** float32, one a channel, positive. */
  readonly scales: readonly number[];
}

/** Scales tried, from one at which every weight rounds to zero, each a little smaller than the last. */
const SCALES = 4096;
/** The smallest scale tried lets a weight of this part of the largest reach the largest code. */
const SMALLEST_PART = 1 / 16;
/** Rounds of fitting the scale to the codes it gives. */
const FITS = 8;
/** Scale of a channel of zeros: nothing, and still a float32 that multiplies and divides. */
const NO_SCALE = 2 ** -60;

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
  return usable(sum / channel.length);
}

function twosComplement(channel: Float32Array, bits: number, codes: Int8Array, at: number): number {
  const most = 2 ** (bits - 1) - 1;
  let best = usable(bestScale(channel, most));
  let bestError = squaredError(channel, best, most);
  for (let i = 0; i < FITS; i++) {
    const scale = usable(fittedScale(channel, best, most));
    const error = squaredError(channel, scale, most);
    if (error >= bestError) break;
    best = scale;
    bestError = error;
  }
  channel.forEach((w, i) => {
    codes[at + i] = code(w, best, most);
  });
  return best;
}

/**
 * For codes q the best scale is cross/square, cross = sum w*q, square = sum q*q, and the squared error is less by
 * cross^2/square. As the scale shrinks, each weight's code grows by one at |w| / (k - 1/2): these changes are
 * collected in a row of scales and added up along it, so that every scale of the row costs one addition.
 */
function bestScale(channel: Float32Array, most: number): number {
  const largest = channel.reduce((a, w) => Math.max(a, Math.abs(w)), 0);
  if (largest === 0) return 0;
  const cross = new Float64Array(SCALES);
  const square = new Float64Array(SCALES);
  const first = 2 * largest;
  const perScale = Math.log((2 * (most + 1)) / SMALLEST_PART) / (SCALES - 1);
  const halves = Array.from({ length: most + 1 }, (_, i) => Math.log(i + 0.5));
  for (const w of channel) {
    const size = Math.abs(w);
    const start = Math.log(first / size);
    const limit = w < 0 ? most + 1 : most;
    for (let k = 1; k <= limit; k++) {
      const at = Math.ceil((start + halves[k - 1]!) / perScale);
      if (!(at < SCALES)) break;
      cross[at] = cross[at]! + size;
      square[at] = square[at]! + 2 * k - 1;
    }
  }
  let [crossSum, squareSum, best, bestGain] = [0, 0, 0, -1];
  for (let i = 0; i < SCALES; i++) {
    crossSum += cross[i]!;
    squareSum += square[i]!;
    const gain = squareSum === 0 ? 0 : crossSum ** 2 / squareSum;
    if (gain <= bestGain) continue;
    bestGain = gain;
    best = squareSum === 0 ? first : crossSum / squareSum;
  }
  return best;
}

function code(w: number, scale: number, most: number): number {
  return Math.max(-most - 1, Math.min(most, Math.round(w / scale)));
}

/** The scale that fits the codes of the given scale best. */
function fittedScale(channel: Float32Array, scale: number, most: number): number {
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
function usable(scale: number): number {
  const rounded = Math.fround(scale);
  return rounded > NO_SCALE && Number.isFinite(rounded) ? rounded : NO_SCALE;
}
