/** Clamps. */
import { emitAffine } from '../import/emit.js';
import { mapOperand, optionalConstant } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import type { Value } from '../import/value.js';
import { type ImportCall, onnxOperator } from './operator.js';

/** Clip's own defaults before operator set 11: the ends of float32, which bound nothing. */
const FLOAT_MAX = 3.4028234663852886e38;

export const RELU = onnxOperator('Relu', {
  inputs: [1, 1],
  attributes: {},
  import: (call) => [emitAffine(call, mapOperand(call, 0), null, null, { min: 0, max: null })],
});

export const CLIP = onnxOperator('Clip', {
  inputs: [1, 3],
  attributes: {
    max: { type: 'float', default: FLOAT_MAX, until: 10 },
    min: { type: 'float', default: -FLOAT_MAX, until: 10 },
  },
  import: importClip,
});

const INPUT_FORM = 11;

function importClip(call: ImportCall): Value[] {
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
