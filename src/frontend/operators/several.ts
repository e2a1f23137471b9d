/** Sum, Mean, Min and Max of any number of tensors and constants. */
import { foldBinary } from '../fold/elementwise.js';
import { emitAffine, OPEN } from '../import/emit.js';
import { emitJoin } from '../import/emit-join.js';
import { floatOperand, mapOperand } from '../import/operands.js';
import { shapeWith } from '../import/per-channel.js';
import { limit } from '../import/refuse.js';
import { partOf } from '../import/state.js';
import type { MapValue } from '../import/value.js';
import { type FoldCall, type ImportCall, type NumericTensor, type Operator, onnxOperator } from './operator.js';

type Binary = (a: number, b: number) => number;

function several(name: string, f: Binary, importer: (call: ImportCall) => MapValue): Operator {
  return onnxOperator(name, {
    inputs: [1, Number.POSITIVE_INFINITY],
    attributes: {},
    fold: (call) => foldAll(call, f),
    import: (call) => [importer(call)],
  });
}

function foldAll(call: FoldCall, f: Binary): NumericTensor {
  const [first, ...rest] = call.inputs;
  return rest.reduce<NumericTensor>((sum, next) => foldBinary({ ...call, inputs: [sum, next] }, f, f), first!);
}

const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) });

/** Tensors one after the other, as ONNX Runtime adds them; constants at the end. @param more whether another node follows */
function total(call: ImportCall, more: boolean): MapValue {
  const indices = [...call.inputs.keys()];
  const constants = indices.filter((i) => call.inputs[i]?.kind === 'constant');
  const [first, ...tensors] = indices.filter((i) => !constants.includes(i));
  const steps = [...tensors, ...constants];
  return steps.reduce<MapValue>(
    (sum, i, step) => {
      const isLast = step === steps.length - 1 && !more;
      const makes = step === 0 ? 'intermediate' : isLast ? 'output' : 'between';
      const part = isLast && step === 0 ? call : partOf(call, `sum${step}`, makes);
      if (constants.includes(i)) return emitAffine(part, sum, null, floatOperand(call, i, 'a term'));
      return emitJoin(part, 'add', sum, mapOperand(call, i));
    },
    mapOperand(call, first!),
  );
}

/** The old form of a residual. */
export const SUM = several(
  'Sum',
  (a, b) => a + b,
  (call) => total(call, false),
);

export const MEAN: Operator = {
  ...several(
    'Mean',
    (a, b) => a + b,
    (call) => {
      const count = call.inputs.length;
      if (count === 1) return mapOperand(call, 0);
      const divisor = scalar(count).data;
      return emitAffine(partOf(call, 'mean', 'output'), total(call, true), scalar(1 / count), null, OPEN, { divisor });
    },
  ),
  fold: (call) => {
    const sum = foldAll(call, (a, b) => a + b);
    return { ...sum, data: sum.data.map((x) => x / call.inputs.length) } as NumericTensor;
  },
};

/** The bounds that constants are; of one tensor. */
function bounded(call: ImportCall, side: 'min' | 'max', f: (...values: number[]) => number): MapValue {
  const indices = [...call.inputs.keys()];
  const constants = indices.filter((i) => call.inputs[i]?.kind === 'constant');
  const [tensor, ...others] = indices.filter((i) => !constants.includes(i));
  if (others.length > 0) {
    throw limit(call, `${call.node.operator} of two computed tensors is not supported`, {
      hint: 'Add, Sub and Mul join two branches; of one tensor and a constant it is a clamp',
    });
  }
  let value = mapOperand(call, tensor!);
  if (constants.length === 0) return value;
  const bounds = constants.map((i) => {
    const bound = floatOperand(call, i, 'the bound');
    value = { ...value, shape: shapeWith(call, value, bound) };
    const { data, shape } = bound;
    if (data.length > 0 && data.every((x) => x === data[0])) return data[0]!;
    throw limit(call, 'a bound that differs from channel to channel is not supported', {
      actual: shape.join('x'),
      hint: 'subtract the bounds before a Relu and add them again behind it',
    });
  });
  const clamp = side === 'max' ? { min: null, max: f(...bounds) } : { min: f(...bounds), max: null };
  return emitAffine(call, value, null, null, clamp);
}

export const MIN = several('Min', Math.min, (call) => bounded(call, 'max', Math.min));

export const MAX = several('Max', Math.max, (call) => bounded(call, 'min', Math.max));
