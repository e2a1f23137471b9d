/** What the host can do of ONNX's own operators, once a tensor has left the array. */
import type { OnnxNode } from '../onnx/model.js';
import { binary, cast, clip, type HostImporter, hardSigmoid, mean, quotient, several, unary } from './elementwise.js';
import { best, reduce, softmax, topK } from './lines.js';
import { nonMaxSuppression } from './nms.js';
import { concat, gather, slice, split } from './places.js';

/** Layout operators, Softmax and quantizers know the host themselves. */
export const HOST_OPERATORS: Readonly<Record<string, HostImporter>> = {
  Abs: unary('abs'),
  Add: binary('add'),
  ArgMax: best('argmax'),
  ArgMin: best('argmin'),
  Cast: cast,
  Ceil: unary('ceil'),
  Clip: clip,
  Concat: concat,
  Div: quotient,
  Exp: unary('exp'),
  Floor: unary('floor'),
  Gather: gather,
  HardSigmoid: hardSigmoid,
  Log: unary('log'),
  LogSoftmax: softmax('logsoftmax'),
  Max: several('max'),
  Mean: mean,
  Min: several('min'),
  Mul: binary('mul'),
  Neg: unary('neg'),
  NonMaxSuppression: nonMaxSuppression,
  Pow: binary('pow'),
  Reciprocal: unary('reciprocal'),
  ReduceMax: reduce('max'),
  ReduceMean: reduce('mean'),
  ReduceMin: reduce('min'),
  ReduceSum: reduce('sum'),
  Relu: unary('relu'),
  Round: unary('round'),
  Sigmoid: unary('sigmoid'),
  Slice: slice,
  Split: split,
  Sqrt: unary('sqrt'),
  Sub: binary('sub'),
  Sum: several('add'),
  Tanh: unary('tanh'),
  TopK: topK,
};

/** What the host makes of the node; undefined where it knows no such operator. */
export function hostImporter({
  node,
}: {
  readonly node: Pick<OnnxNode, 'domain' | 'operator'>;
}): HostImporter | undefined {
  return node.domain === '' && Object.hasOwn(HOST_OPERATORS, node.operator) ? HOST_OPERATORS[node.operator] : undefined;
}
