/**
 * The golden model: the meaning of an integer network, in textbook loops. Everything else is held against it,
 * and it knows nothing of anything else.
 */
import type {
  ArrangeLayer,
  CodeTensor,
  ConvLayer,
  IntegerNetwork,
  Layer,
  MaxPoolLayer,
  MulLayer,
  Requantize,
} from './network.js';

/**
 * Runs one image. `codes` are those of all inputs, one after the other, NHWC. Returns every tensor by name, NHWC; a layer without a requantizer
 * gives its raw accumulators.
 */
export function runGolden(network: IntegerNetwork, codes: ArrayLike<number>): Map<string, Int32Array> {
  const values = new Map<string, Int32Array>();
  let at = 0;
  for (const { tensor } of network.inputs) {
    const { height, width, channels } = tensorOf(network, tensor);
    const first = at;
    at += height * width * channels;
    values.set(
      tensor,
      Int32Array.from({ length: at - first }, (_, i) => codes[first + i]!),
    );
  }
  for (const layer of network.layers) values.set(layer.output, runLayer(network, layer, values));
  return values;
}

function runLayer(network: IntegerNetwork, layer: Layer, values: ReadonlyMap<string, Int32Array>): Int32Array {
  const to = tensorOf(network, layer.output);
  if (layer.kind === 'arrange') return arrange(network, layer, values, to);
  if (layer.kind === 'mul') return multiply(network, layer, values, to);
  const from = tensorOf(network, layer.input);
  const input = values.get(layer.input)!;
  if (layer.kind === 'maxpool') return maxPool(layer, input, from, to);
  const accumulators = convolve(layer, input, from, to);
  const { requantize: q } = layer;
  if (q === null) return accumulators;
  const residual = q.residual ? values.get(q.residual.tensor)! : null;
  const residualOf = (i: number): number => residual?.[residual.length === to.channels ? i % to.channels : i] ?? 0;
  return accumulators.map((acc, i) => requantize(acc, residualOf(i), q, i % to.channels));
}

/**
 * y = clamp(round((acc*m + b + res*r) / 2^n), lo, hi) for channel c, in unbounded integers; with a table, its entry y.
 */
export function requantize(acc: number, res: number, q: Requantize, c: number): number {
  const r = q.residual ? q.residual.m[c]! : 0;
  const sum = BigInt(acc) * BigInt(q.m[c]!) + q.b[c]! + BigInt(res) * BigInt(r);
  const y = shiftRight(sum, q.n[c]!, q.round);
  const clamped = y < BigInt(q.lo) ? q.lo : y > BigInt(q.hi) ? q.hi : Number(y);
  return q.table ? q.table[clamped]! : clamped;
}

/** value / 2^n, rounded down or to the nearest with ties to even. */
export function shiftRight(value: bigint, n: number, round: Requantize['round']): bigint {
  const floor = value >> BigInt(n);
  if (round === 'floor' || n === 0) return floor;
  const rest = value - (floor << BigInt(n));
  const half = 1n << BigInt(n - 1);
  const up = rest > half || (rest === half && (floor & 1n) === 1n);
  return up ? floor + 1n : floor;
}

function convolve(layer: ConvLayer, input: Int32Array, from: CodeTensor, to: CodeTensor): Int32Array {
  const [kh, kw] = layer.kernel;
  const perGroup = from.channels / layer.groups;
  const out = new Int32Array(to.height * to.width * to.channels);
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      for (let co = 0; co < to.channels; co++) {
        const firstChannel = layer.groups === 1 ? 0 : co;
        let acc = 0;
        for (let ky = 0; ky < kh; ky++) {
          const iy = y * layer.strides[0] + ky * layer.dilations[0] - layer.pads[0];
          for (let kx = 0; kx < kw; kx++) {
            const ix = x * layer.strides[1] + kx * layer.dilations[1] - layer.pads[1];
            const padded = iy < 0 || iy >= from.height || ix < 0 || ix >= from.width;
            const pixel = (iy * from.width + ix) * from.channels + firstChannel;
            const tap = ((co * kh + ky) * kw + kx) * perGroup;
            for (let ci = 0; ci < perGroup; ci++) {
              acc += layer.weights[tap + ci]! * (padded ? from.zero : input[pixel + ci]!);
            }
          }
        }
        out[(y * to.width + x) * to.channels + co] = acc;
      }
    }
  }
  return out;
}

function maxPool(layer: MaxPoolLayer, input: Int32Array, from: CodeTensor, to: CodeTensor): Int32Array {
  const out = new Int32Array(to.height * to.width * to.channels);
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      for (let c = 0; c < to.channels; c++) {
        let most = 0;
        for (let ky = 0; ky < layer.kernel[0]; ky++) {
          const iy = y * layer.strides[0] + ky * layer.dilations[0] - layer.pads[0];
          for (let kx = 0; kx < layer.kernel[1]; kx++) {
            const ix = x * layer.strides[1] + kx * layer.dilations[1] - layer.pads[1];
            if (iy < 0 || iy >= from.height || ix < 0 || ix >= from.width) continue;
            most = Math.max(most, input[(iy * from.width + ix) * from.channels + c]!);
          }
        }
        out[(y * to.width + x) * to.channels + c] = most;
      }
    }
  }
  return out;
}

/** (a - zero of a) * (b - zero of b), requantized; b of one pixel meets every pixel of a. */
function multiply(
  network: IntegerNetwork,
  layer: MulLayer,
  values: ReadonlyMap<string, Int32Array>,
  to: CodeTensor,
): Int32Array {
  const [a, b] = layer.inputs.map((name) => values.get(name)!) as [Int32Array, Int32Array];
  const [zeroOfA, zeroOfB] = layer.inputs.map((name) => tensorOf(network, name).zero) as [number, number];
  return a.map((code, i) => {
    const other = b.length === a.length ? b[i]! : b[i % to.channels]!;
    return requantize((code - zeroOfA) * (other - zeroOfB), 0, layer.requantize, i % to.channels);
  });
}

function arrange(
  network: IntegerNetwork,
  layer: ArrangeLayer,
  values: ReadonlyMap<string, Int32Array>,
  to: CodeTensor,
): Int32Array {
  const out = new Int32Array(to.height * to.width * to.channels).fill(layer.fill);
  for (const part of layer.parts) {
    const from = tensorOf(network, part.input);
    const input = values.get(part.input)!;
    const at = (
      grid: ArrangeLayer['parts'][number]['to'],
      { width, channels }: CodeTensor,
      i: number,
      j: number,
      k: number,
    ): number => ((grid.y + i * grid.yStep) * width + grid.x + j * grid.xStep) * channels + grid.c + k * grid.cStep;
    for (let i = 0; i < part.size[0]; i++) {
      for (let j = 0; j < part.size[1]; j++) {
        for (let k = 0; k < part.size[2]; k++) out[at(part.to, to, i, j, k)] = input[at(part.from, from, i, j, k)]!;
      }
    }
  }
  return out;
}

function tensorOf(network: IntegerNetwork, name: string): CodeTensor {
  const tensor = network.tensors[name];
  if (tensor === undefined) throw new RangeError(`the integer network has no tensor ${name}`);
  return tensor;
}
