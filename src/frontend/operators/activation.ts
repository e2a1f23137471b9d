/** Clamps. */
import { constantOperand, newConstant } from '../fold/tensor.js';
import { emitAffine, emitQuant } from '../import/emit.js';
import { mapOperand, optionalConstant } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import type { Grid, MapValue, Value } from '../import/value.js';
import { type FoldCall, type ImportCall, type NumericTensor, onnxOperator } from './operator.js';

/** Clip's own defaults before operator set 11: the ends of float32, which bound nothing. */
const FLOAT_MAX = 3.4028234663852886e38;

export const RELU = onnxOperator('Relu', {
  inputs: [1, 1],
  attributes: {},
  import: (call) => {
    const given = call.inputs[0];
    if (given?.kind === 'map' && given.grid !== undefined) return [clippedCodes(call, given, given.grid, 0, null)];
    return [emitAffine(call, mapOperand(call, 0), null, null, { min: 0, max: null })];
  },
});

export const CLIP = onnxOperator('Clip', {
  inputs: [1, 3],
  attributes: {
    max: { type: 'float', default: FLOAT_MAX, until: 10 },
    min: { type: 'float', default: -FLOAT_MAX, until: 10 },
  },
  fold: foldClip,
  import: importClip,
});

const INPUT_FORM = 11;

/** Between QuantizeLinear and DequantizeLinear: fewer bits than the type has. */
function clippedCodes(call: ImportCall, value: MapValue, grid: Grid, min: number | null, max: number | null): MapValue {
  const { quantizer, unmade: _, ...rest } = grid;
  const lo = Math.max(quantizer.lo, min ?? quantizer.lo);
  const hi = Math.min(quantizer.hi, max ?? quantizer.hi);
  if (lo > hi) throw limit(call, 'a Clip leaves no code', { actual: `${lo}..${hi}` });
  const narrowed = { ...quantizer, lo, hi };
  return { ...emitQuant(call, value, narrowed), grid: { ...rest, quantizer: narrowed } };
}

/** Of codes: the range is what DequantizeLinear takes for the number of bits. */
function foldClip(call: FoldCall): NumericTensor {
  const x = constantOperand(call, 0);
  const [min, max] =
    call.opset < INPUT_FORM
      ? [call.attributes.float('min'), call.attributes.float('max')]
      : [call.inputs[1]?.data[0] ?? Number.NEGATIVE_INFINITY, call.inputs[2]?.data[0] ?? Number.POSITIVE_INFINITY];
  const result = newConstant(call, x.type, x.shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = Math.min(max, Math.max(min, x.data[i]!));
  if (result.type === 'float' || x.type === 'float' || x.elementType === undefined) return result;
  return { ...result, elementType: x.elementType, range: [min, max] };
}

function importClip(call: ImportCall): Value[] {
  const given = call.inputs[0];
  if (given?.kind === 'map' && given.grid !== undefined) {
    const [lower, upper] = [bound(call, 1, 'the lower bound'), bound(call, 2, 'the upper bound')];
    return [clippedCodes(call, given, given.grid, lower, upper)];
  }
  const value = mapOperand(call, 0);
  const [min, max] =
    call.opset < INPUT_FORM
      ? [call.attributes.float('min'), call.attributes.float('max')]
      : [bound(call, 1, 'the lower bound'), bound(call, 2, 'the upper bound')];
  if (Number.isNaN(min) || Number.isNaN(max)) throw limit(call, 'a bound is NaN');
  const lo = min !== null && min > -FLOAT_MAX ? min : null;
  const hi = max !== null && max < FLOAT_MAX ? max : null;
  // ONNX Runtime clamps from below first: where the bounds cross, the upper one is what remains.
  return [emitAffine(call, value, null, null, { min: lo !== null && hi !== null ? Math.min(lo, hi) : lo, max: hi })];
}

function bound(call: ImportCall, index: number, what: string): number | null {
  const constant = optionalConstant(call, index, what);
  if (constant === null) return null;
  if (constant.data.length === 1) return constant.data[0]!;
  throw limit(call, `${what} must be one number`, { actual: constant.shape.join('x') });
}
