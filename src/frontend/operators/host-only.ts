/** Operators that the array knows nothing of: constants, and what the host does at the end of a network. */
import { foldUnary } from '../fold/elementwise.js';
import { ARG_MAX } from './ends.js';
import { NEWEST_OPSET, type Operator, onnxOperator } from './operator.js';

const unary = (name: string, fold: (x: number) => number): Operator =>
  onnxOperator(name, { inputs: [1, 1], attributes: {}, fold: (call) => foldUnary(call, fold) });

const TOP_K = onnxOperator('TopK', {
  inputs: [1, 2],
  attributes: {
    axis: { type: 'int', default: -1 },
    k: { type: 'int', until: 9 },
    largest: { type: 'int', default: 1, only: [0, 1] },
    sorted: { type: 'int', default: 1, only: [0, 1] },
  },
});

const NON_MAX_SUPPRESSION = onnxOperator('NonMaxSuppression', {
  opsets: [10, NEWEST_OPSET],
  inputs: [2, 5],
  attributes: { center_point_box: { type: 'int', default: 0, only: [0, 1] } },
});

const ARG_MIN: Operator = onnxOperator('ArgMin', { inputs: [1, 1], attributes: ARG_MAX.attributes });

export const HOST_ONLY: readonly Operator[] = [
  ARG_MIN,
  unary('Exp', Math.exp),
  unary('Log', Math.log),
  onnxOperator('LogSoftmax', { inputs: [1, 1], attributes: { axis: { type: 'int' } } }),
  NON_MAX_SUPPRESSION,
  unary('Reciprocal', (x) => 1 / x),
  TOP_K,
];
