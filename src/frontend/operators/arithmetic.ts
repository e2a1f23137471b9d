/** Add, Sub, Mul, Div and their kin: of two tensors, of a tensor and a constant, or of two constants. */
import { foldBinary, foldUnary } from '../fold/elementwise.js';
import { emitAffine, OPEN } from '../import/emit.js';
import { emitJoin, type Join } from '../import/emit-join.js';
import { type FloatOperand, floatOperand, mapOperand, optionalConstant } from '../import/operands.js';
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
  readonly tensors: Join | null;
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
  if (how.tensors !== null) return emitJoin(call, how.tensors, ...operands);
  throw quotient(call);
}

function quotient(call: ImportCall): Error {
  return limit(call, 'a division by a computed tensor is not supported', {
    hint: 'Add, Sub and Mul join two branches: train with a product, or divide by a constant',
  });
}

export const ADD = arithmetic('Add', { fold: (a, b) => a + b, right: shifted, left: shifted, tensors: 'add' });

export const SUB = arithmetic('Sub', {
  fold: (a, b) => a - b,
  right: (call, x, c) => shifted(call, x, negative(c)),
  left: (call, x, c) => emitAffine(call, x, MINUS_ONE, c),
  tensors: 'sub',
});

export const MUL = arithmetic('Mul', { fold: (a, b) => a * b, right: scaled, left: scaled, tensors: 'mul' });

export const DIV = arithmetic('Div', {
  fold: (a, b) => a / b,
  foldInts: (a, b) => Math.trunc(a / b),
  right: divided,
  left: (call) => {
    throw quotient(call);
  },
  tensors: null,
});

/** By powers of two it is a product; x * (1 / c) of other constants is not x / c. */
function divided(call: ImportCall, x: MapValue, c: FloatOperand): MapValue {
  if (c.data.includes(0)) throw limit(call, 'a division by zero', { actual: c.name });
  const inverse = { ...c, data: c.data.map((v) => 1 / v) };
  const isProduct = c.data.every((v) => Number.isInteger(Math.log2(Math.abs(v))));
  return emitAffine(call, x, inverse, null, OPEN, isProduct ? {} : { divisor: c.data });
}

export const NEG = onnxOperator('Neg', {
  inputs: [1, 1],
  attributes: {},
  fold: (call) => foldUnary(call, (x) => -x),
  import: (call) => [emitAffine(call, mapOperand(call, 0), MINUS_ONE, null)],
});

/** Of constants rounded to float32, as ONNX Runtime does; of tensors only squares. */
export const POW = onnxOperator('Pow', {
  inputs: [2, 2],
  attributes: {},
  fold: (call) => foldBinary(call, Math.pow, Math.pow),
  import: (call) => {
    const x = mapOperand(call, 0);
    const exponent = optionalConstant(call, 1, 'the exponent');
    if (exponent?.data.length === 1 && exponent.data[0] === 1) return [x];
    if (exponent?.data.length === 1 && exponent.data[0] === 2) return [emitJoin(call, 'mul', x, x)];
    throw limit(call, 'only squares of computed tensors are supported', {
      expected: 'the exponent 2',
      actual: `${exponent?.data[0]}`,
    });
  },
});
