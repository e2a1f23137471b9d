import { limit } from '../import/refuse.js';
import { brainToFloat, floatToBrain, floatToHalf, halfToFloat } from '../onnx/half.js';
import { elementTypeName, isFloatType } from '../onnx/tensor.js';
import type { FoldCall, NumericTensor } from '../operators/operator.js';
import { constantOperand, newConstant } from './tensor.js';

/** TensorProto.DataType of the integers that every value here fits: others would wrap or round. */
const INT32 = 6;
const INT64 = 7;
const BOOL = 9;
const FLOAT32 = 1;
const FLOAT16 = 10;
const BFLOAT16 = 16;
const FLOAT64 = 11;

/** Integers are cut towards zero. */
export function foldCast(call: FoldCall): NumericTensor {
  const to = call.attributes.int('to');
  const x = constantOperand(call, 0);
  const convert = conversion(to);
  if (convert === null) {
    throw limit(call, 'a constant is cast to a type that is not supported', {
      expected: 'a floating-point type, int32, int64 or bool',
      actual: elementTypeName(to),
    });
  }
  const result = newConstant(call, isFloatType(to) ? 'float' : 'int', x.shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = convert(x.data[i]!);
  if (result.type === 'int' && result.data.some((v) => !Number.isSafeInteger(v) || (to === INT32 && v !== (v | 0)))) {
    throw limit(call, 'a constant does not fit the integers it is cast to', { actual: elementTypeName(to) });
  }
  // Rounded ones are no longer their codes times a scale.
  const isRounded = to === FLOAT16 || to === BFLOAT16;
  const keepsCodes = result.type === 'float' && x.type === 'float' && x.codes !== undefined && !isRounded;
  return keepsCodes ? { ...result, codes: x.codes } : result;
}

function conversion(to: number): ((x: number) => number) | null {
  if (to === FLOAT32 || to === FLOAT64) return (x) => x;
  if (to === FLOAT16) return (x) => halfToFloat(floatToHalf(x));
  if (to === BFLOAT16) return (x) => brainToFloat(floatToBrain(x));
  if (to === INT32 || to === INT64) return Math.trunc;
  return to === BOOL ? (x) => (x === 0 ? 0 : 1) : null;
}
