/** Scale and zero point of QuantizeLinear, DequantizeLinear and the operators between them. */
import type { UniformQuantizer } from '../graph.js';
import { INT32, type Range, rangeOfType, UINT8 } from '../onnx/integers.js';
import { elementTypeName } from '../onnx/tensor.js';
import { oneAxis } from '../operators/axes.js';
import type { FoldCall, ImportCall, NumericTensor } from '../operators/operator.js';
import { linearQuantizer } from '../quantizer.js';
import { perChannel } from './per-channel.js';
import { limit, mismatch, placeOf } from './refuse.js';
import { reserve } from './state.js';
import type { Grid, MapValue } from './value.js';

type Call = FoldCall | ImportCall;

/** As a node says them: one for all, or one for each index along an axis. */
export interface GridConstants {
  readonly scale: Float32Array;
  readonly zero: Float32Array;
  readonly elementType: number;
  readonly range: Range;
}

/**
 * @param zero null: left out
 * @param otherwise the type of the codes where no zero point says it
 * @throws SystoleError operator-limit for scales that are not positive, blocks, and types that are no integers of up to 16 bits
 */
export function gridConstants(
  call: Call,
  scale: NumericTensor,
  zero: NumericTensor | null,
  otherwise = UINT8,
): GridConstants {
  if (scale.shape.length > 1 || (zero?.shape.length ?? 0) > 1) {
    throw limit(call, 'quantization by blocks is not supported', {
      expected: 'one scale, or one for each index along an axis',
      actual: scale.shape.join('x'),
    });
  }
  if (scale.type !== 'float' || scale.data.some((s) => !(s > 0 && Number.isFinite(s)))) {
    throw limit(call, 'a scale must be a positive number');
  }
  const elementType = zero?.type === 'int' ? (zero.elementType ?? otherwise) : otherwise;
  const range = rangeOfType(elementType);
  if (range === null || zero?.type === 'float') {
    throw limit(call, 'only integers of up to 16 bits are quantized codes', { actual: elementTypeName(elementType) });
  }
  const zeros = zero === null ? Float32Array.of(0) : Float32Array.from(zero.data);
  if (zeros.length !== scale.data.length && zeros.length !== 1 && scale.data.length !== 1) {
    throw mismatch(call, 'there is not one zero point for each scale', {
      expected: `${scale.data.length}`,
      actual: `${zeros.length}`,
    });
  }
  return { scale: scale.data, zero: zeros, elementType, range };
}

/** The quantizer of a tensor; its axis is that of the channels where there are several scales. */
export function gridOf(call: ImportCall, value: MapValue, constants: GridConstants, axis: number): Grid {
  const channels = (data: Float32Array): Float32Array => {
    if (data.length === 1) return data;
    const at = oneAxis(call, axis, value.shape.length);
    if (value.shape[at] !== data.length) throw wrongCount(call, value.shape, at, data.length);
    reserve(call.state, data.byteLength + value.tensor.channels * data.BYTES_PER_ELEMENT, placeOf(call.node));
    const shape = [data.length, ...value.shape.slice(at + 1).map(() => 1)];
    return perChannel(call, value, value.shape, { shape, data });
  };
  const { elementType, range } = constants;
  const quantizer = linearQuantizer(channels(constants.scale), channels(constants.zero), range);
  return { quantizer, elementType };
}

const unit = (scale: number, [lo, hi]: Range): UniformQuantizer =>
  linearQuantizer(Float32Array.of(scale), Float32Array.of(0), [lo, hi]);

/** A model's input of whole numbers of up to 16 bits: they are their own codes. */
export function inputGrid(elementType: number): { readonly grid?: Grid } {
  const range = rangeOfType(elementType);
  return range === null ? {} : { grid: { elementType, quantizer: unit(1, range), unmade: true } };
}

/** Sums of products of codes, each worth `step`. */
export function sumGrid(step: number): Grid {
  return { elementType: INT32, quantizer: unit(step, [-(2 ** 31), 2 ** 31 - 1]) };
}

export function wrongCount(call: Call, shape: readonly number[], axis: number, count: number): Error {
  return mismatch(call, 'there is not one scale for each index along the axis', {
    expected: `${shape[axis]} (axis ${axis} of ${shape.join('x')})`,
    actual: `${count}`,
  });
}

/** Whether codes mean the same values in both; their ranges may differ. */
export function sameSteps(a: UniformQuantizer, b: UniformQuantizer): boolean {
  return sameValues(a.scale, b.scale) && sameValues(a.zero, b.zero);
}

function sameValues(a: Float32Array, b: Float32Array): boolean {
  const length = Math.max(a.length, b.length);
  const at = (all: Float32Array, i: number): number => all[all.length === 1 ? 0 : i]!;
  for (let i = 0; i < length; i++) if (at(a, i) !== at(b, i)) return false;
  return true;
}
