/** QuantizeLinear and DequantizeLinear of constants: weights and biases. */
import { type GridConstants, wrongCount } from '../import/grid.js';
import { bitsFor, type Range } from '../onnx/integers.js';
import type { ValueCodes } from '../onnx/model.js';
import { oneAxis } from '../operators/axes.js';
import type { FoldCall, ImportCall, NumericTensor } from '../operators/operator.js';
import { linearQuantizer, quantizedCode } from '../quantizer.js';

type FloatTensor = Extract<NumericTensor, { readonly type: 'float' }>;
type IntTensor = Extract<NumericTensor, { readonly type: 'int' }>;
type Reserve = FoldCall['reserve'];
type Call = FoldCall | ImportCall;

/** int8 weights have at most 8 bits, with a zero point subtracted 9. Biases have more, and are no codes to the array. */
const FEWEST_BITS = 2;
const MOST_BITS = 16;
const USUAL_BITS = 8;

/** Index of the scale of a value. */
function scaleIndex(call: Call, shape: readonly number[], scales: number, axis: number): (i: number) => number {
  if (scales === 1) return () => 0;
  const at = oneAxis(call, axis, shape.length);
  if (shape[at] !== scales) throw wrongCount(call, shape, at, scales);
  const inner = shape.slice(at + 1).reduce((a, b) => a * b, 1);
  return (i) => Math.floor(i / inner) % scales;
}

export function foldQuantize(call: FoldCall, x: FloatTensor, constants: GridConstants, axis: number): NumericTensor {
  const { scale, zero, range, elementType } = constants;
  const index = scaleIndex(call, x.shape, Math.max(scale.length, zero.length), axis);
  call.reserve(x.data.length * Float64Array.BYTES_PER_ELEMENT);
  const quantizer = linearQuantizer(scale, zero, range);
  const data = Float64Array.from(x.data, (value, i) => quantizedCode(quantizer, index(i), value));
  return { type: 'int', shape: x.shape, data, elementType };
}

/** scale * (code - zero) in float32, and the codes beside them where their type is one of codes. */
export function foldDequantize(
  call: Call,
  x: IntTensor,
  scale: Float32Array,
  zero: Float32Array,
  axis: number,
  declared: Range | null,
  reserve: Reserve,
): FloatTensor {
  const count = Math.max(scale.length, zero.length);
  const index = scaleIndex(call, x.shape, count, axis);
  const at = (all: Float32Array, i: number): number => all[all.length === 1 ? 0 : index(i)]!;
  const elements = x.data.length;
  reserve(elements * (2 * Float32Array.BYTES_PER_ELEMENT + Int16Array.BYTES_PER_ELEMENT));
  const differences = Float64Array.from(x.data, (code, i) => code - at(zero, i));
  const data = Float32Array.from(differences, (d, i) => Math.fround(d) * at(scale, i));
  if (declared === null) return { type: 'float', shape: x.shape, data };
  const scales = scale.length === 1 ? scale : Float32Array.from(data, (_, i) => at(scale, i));
  const codes = codesOf(differences, zero, scales, x.range ?? declared);
  return { type: 'float', shape: x.shape, data, ...(codes === undefined ? {} : { codes }) };
}

function codesOf(
  differences: Float64Array,
  zero: Float32Array,
  scale: Float32Array,
  range: Range,
): ValueCodes | undefined {
  const most = (all: Iterable<number>): number => {
    let found = Number.NEGATIVE_INFINITY;
    for (const x of all) found = Math.max(found, x);
    return found;
  };
  const least = (all: ArrayLike<number>): number => -most(Array.from(all, (x) => -x));
  const byType = bitsFor([range[0] - most(zero), range[1] - least(zero)]);
  const bits = byType <= USUAL_BITS ? byType : bitsFor([least(differences), most(differences)]);
  if (bits > MOST_BITS) return undefined;
  return { values: Int16Array.from(differences), scale, bits: Math.max(FEWEST_BITS, bits), bipolar: false };
}
