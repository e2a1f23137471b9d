/** Trunc of QONNX: fewer low bits of a tensor that is quantized already, after sums and averages. */
import type { Rounding, UniformQuantizer } from '../graph.js';
import { emitAffine, emitQuant } from '../import/emit.js';
import { mapOperand, optionalConstant } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import { partOf } from '../import/state.js';
import type { Value } from '../import/value.js';
import { type ImportCall, NEWEST_OPSET, type Operator } from './operator.js';
import { codeRange, QONNX_DOMAINS, roundingOf } from './qonnx.js';

/** x, scale, zero point, input bits, output bits; since version 2 the output's scale and zero point before its bits. */
const FIRST_FORM = 5;
const SECOND_FORM = 7;

const TRUNC: Omit<Operator, 'name' | 'domain' | 'opsets'> = {
  inputs: [FIRST_FORM, SECOND_FORM],
  attributes: {
    rounding_mode: { type: 'string', default: 'FLOOR' },
    signed: { type: 'int', default: 1, only: [0, 1] },
    narrow: { type: 'int', default: 0, only: [0, 1] },
  },
  import: importTrunc,
};

export const TRUNC_OPERATORS: readonly Operator[] = QONNX_DOMAINS.map((domain) => ({
  ...TRUNC,
  ...{ name: 'Trunc', domain, opsets: domain === '' ? [7, NEWEST_OPSET] : [1, NEWEST_OPSET] },
  unversioned: domain !== '',
}));

/**
 * clamp(round(round(x / scale + zero) / 2^cut)) - zero / 2^cut, where 2^cut is what one step of the output is worth. The
 * first form gives the codes back in steps of the input, the second in steps of the output.
 */
function importTrunc(call: ImportCall): Value[] {
  const value = mapOperand(call, 0);
  const second = call.inputs.length === SECOND_FORM;
  const scale = one(call, 1, 'the scale');
  const zero = one(call, 2, 'the zero point');
  const outputBits = one(call, call.inputs.length - 1, 'the output width');
  const worth = second ? one(call, 4, 'the output scale') / scale : 2 ** (one(call, 3, 'the input width') - outputBits);
  const wide = Math.fround(scale * worth);
  if (!Number.isInteger(Math.log2(worth)) || worth < 1 || !(scale > 0) || wide !== scale * worth) {
    throw limit(call, 'one step of the output must be a power of two of steps of the input', { actual: `${worth}` });
  }
  if (!Number.isInteger(zero) || (second && one(call, 5, 'the output zero point') !== zero / worth)) {
    throw limit(call, 'the zero point must be whole, and that of the output the same real value', {
      actual: `${zero}`,
    });
  }
  const range = codeRange(call, outputBits);
  // The first form does not clamp: its codes fit the output, whatever their sign.
  const [lo, hi] = second ? range : [-(2 ** (outputBits - 1)), 2 ** outputBits - 1];
  const step = (s: number, z: number, round: Rounding, low: number, high: number): UniformQuantizer => ({
    ...{ kind: 'uniform', scale: Float32Array.of(s), zero: Float32Array.of(z) },
    ...{ lo: low, hi: high, round, zeroInside: true },
  });
  const fine = step(scale, zero, 'half-even', (lo - 1) * worth, (hi + 1) * worth);
  const coarse = step(wide, zero / worth, roundingOf(call), lo, hi);
  const whole = emitQuant(partOf(call, 'whole', 'intermediate'), value, fine);
  if (second || worth === 1) return [emitQuant(partOf(call, 'cut', 'output'), whole, coarse)];
  const cut = emitQuant(partOf(call, 'cut', 'between'), whole, coarse);
  // codes of the output, minus the zero point of the input, in steps of the input
  const factor = { shape: [], data: Float32Array.of(1 / worth) };
  const shift = zero === 0 ? null : { shape: [], data: Float32Array.of(scale * (zero / worth - zero)) };
  return [emitAffine(partOf(call, 'scaled', 'output'), cut, factor, shift)];
}

function one(call: ImportCall, index: number, what: string): number {
  const constant = optionalConstant(call, index, what);
  if (constant?.data.length === 1) return constant.data[0]!;
  throw limit(call, `${what} must be one number`, { expected: 'one for all channels' });
}
