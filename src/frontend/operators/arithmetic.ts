/** Add, Sub, Mul, Div: of two tensors, of a tensor and a constant, or of two constants. */

import { foldBinary } from '../fold/elementwise.js';
import { emitAdd, emitAffine } from '../import/emit.js';
import { type FloatOperand, floatOperand, mapOperand } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import type { MapValue, Value } from '../import/value.js';
import { type ImportCall, type Operator, onnxOperator } from './operator.js';

type WithConstant = (call: ImportCall, x: MapValue, constant: FloatOperand) => Value;

interface Arithmetic {
  readonly fold: (a: number, b: number) => number;
  readonly foldInts?: (a: number, b: number) => number;
  /** tensor first */
  readonly right: WithConstant;
  /** constant first */
  readonly left: WithConstant;
  readonly tensors?: (call: ImportCall, a: MapValue, b: MapValue) => Value;
}

const scaled: WithConstant = (call, x, c) => emitAffine(call, x, c, null);
const shifted: WithConstant = (call, x, c) => emitAffine(call, x, null, c);
const negative = (c: FloatOperand): FloatOperand => ({ ...c, data: c.data.map((v) => -v) });
const MINUS_ONE: FloatOperand = { name: '-1', shape: [], data: Float32Array.of(-1) };

function arithmetic(name: string, how: Arithmetic): Operator {
  return onnxOperator(name, {
    inputs: [2, 2],
    attributes: {},
    fold: (call) => foldBinary(call, how.fold, how.foldInts ?? how.fold),
    import: (call) => [importArithmetic(call, how)],
  });
}

function importArithmetic(call: ImportCall, how: Arithmetic): Value {
  const [a, b] = call.inputs;
  if (b?.kind === 'constant') return how.right(call, mapOperand(call, 0), floatOperand(call, 1, 'the constant'));
  if (a?.kind === 'constant') return how.left(call, mapOperand(call, 1), floatOperand(call, 0, 'the constant'));
  const operands = [mapOperand(call, 0), mapOperand(call, 1)] as const;
  if (how.tensors !== undefined) return how.tensors(call, ...operands);
  throw limit(call, `${call.node.operator} of two computed tensors is not supported`, {
    hint: 'only Add joins two branches',
  });
}

export const ADD = arithmetic('Add', { fold: (a, b) => a + b, right: shifted, left: shifted, tensors: emitAdd });

/** Of one or two tensors: the old form of a residual. */
export const SUM = onnxOperator('Sum', {
  inputs: [1, 2],
  attributes: {},
  import: (call) => {
    const first = mapOperand(call, 0);
    return [call.inputs.length === 1 ? first : emitAdd(call, first, mapOperand(call, 1))];
  },
});

export const SUB = arithmetic('Sub', {
  fold: (a, b) => a - b,
  right: (call, x, c) => shifted(call, x, negative(c)),
  left: (call, x, c) => emitAffine(call, x, MINUS_ONE, c),
});

export const MUL = arithmetic('Mul', { fold: (a, b) => a * b, right: scaled, left: scaled });

export const DIV = arithmetic('Div', {
  fold: (a, b) => a / b,
  foldInts: (a, b) => Math.trunc(a / b),
  right: (call, x, c) => {
    if (c.data.includes(0)) throw limit(call, 'a division by zero', { actual: c.name });
    return scaled(call, x, { ...c, data: c.data.map((v) => 1 / v) });
  },
  left: (call) => {
    throw limit(call, 'a division by a computed tensor is not supported');
  },
});
