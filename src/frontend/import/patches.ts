/** Im2Col and the matrix behind it: the convolution that they came from. */
import { transpose } from '../../base/transpose.js';
import { rearranged } from '../fold/codes.js';
import type { ValueCodes } from '../onnx/model.js';
import type { ImportCall } from '../operators/operator.js';
import { channelsLast } from './channels-last.js';
import type { Matrix } from './dense.js';
import { emitConv, imageValue } from './emit.js';
import { mismatch } from './refuse.js';
import type { MapValue, PatchesValue } from './value.js';

/** The product of every patch [kh][kw][C] with a matrix. @param matrix [rows][kh*kw*C] */
export function emitPatches(
  call: ImportCall,
  patches: PatchesValue,
  matrix: Matrix,
  bias: Float32Array | null,
): MapValue {
  const { tensor, placed } = patches;
  const { channels } = tensor;
  const [kh, kw] = placed.window.kernel;
  const taps = kh * kw;
  const { rows, data } = matrix;
  if (rows < 1 || data.length !== rows * taps * channels) {
    throw mismatch(call, 'the matrix does not go with the patches of Im2Col', {
      expected: `${taps * channels} values for each output`,
      actual: `${data.length} values for ${rows} outputs`,
    });
  }
  const isDepthwise = rows === channels && isDiagonal(data, channels, taps);
  const arranged = <T extends Float32Array | Int16Array>(all: T): T => {
    const upright = transpose(all, [rows, taps, channels], [0, 2, 1]);
    return isDepthwise ? diagonal(upright, channels, taps) : upright;
  };
  const codes: ValueCodes | undefined = matrix.codes && rearranged(matrix.codes, arranged);
  const groups = isDepthwise ? channels : 1;
  const constants = { weights: arranged(data), codes, outputs: rows, bias, groups };
  return channelsLast(call, imageValue(emitConv(call, tensor, placed, constants), patches.shape.length));
}

/** Every output reads its own channel alone: FINN writes a depthwise convolution as a whole one with zeros. */
function isDiagonal(weights: Float32Array, channels: number, taps: number): boolean {
  return channels > 1 && weights.every((w, i) => w === 0 || i % channels === Math.floor(i / (taps * channels)));
}

/** [C][C][taps] -> [C][taps] */
function diagonal<T extends Float32Array | Int16Array>(all: T, channels: number, taps: number): T {
  const result = all.slice(0, channels * taps) as T;
  for (let c = 0; c < channels; c++) {
    const from = (c * channels + c) * taps;
    for (let k = 0; k < taps; k++) result[c * taps + k] = all[from + k]!;
  }
  return result;
}
