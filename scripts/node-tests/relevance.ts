/** Which tests are about what Systole takes: by the names of their operators alone, whatever form of them is tested. */
import type { NodeTest } from './archive.js';

/** Structure: what a CNN is made of. */
const STRUCTURE = [
  ...['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'Add', 'Sub', 'Mul', 'Div', 'BatchNormalization'],
  ...['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'ReduceMean'],
  ...['Concat', 'Split', 'Slice', 'Pad', 'Squeeze', 'Unsqueeze', 'Reshape', 'Flatten', 'Transpose'],
  ...['Resize', 'Upsample', 'DepthToSpace', 'SpaceToDepth'],
  ...['Relu', 'Clip', 'LeakyRelu', 'PRelu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Elu', 'Softplus'],
  ...['Swish', 'Mish', 'Sign'],
];
/** Shape-computing subgraphs, and what does nothing when a trained network runs. */
const FOLDED = ['Shape', 'Gather', 'Constant', 'Identity', 'Dropout', 'Cast'];
/** Dialects of quantized models. */
const DIALECTS = [
  ...['QuantizeLinear', 'DequantizeLinear', 'QLinearConv', 'QLinearMatMul', 'ConvInteger', 'MatMulInteger'],
];
/** The host's at the end of a network. */
const HOST = [
  ...['Softmax', 'ArgMax', 'NonMaxSuppression', 'Exp', 'Log', 'Sqrt', 'Pow', 'Neg', 'Abs', 'Floor', 'Ceil', 'Round'],
  ...['Min', 'Max', 'ReduceMax', 'ReduceMin', 'ReduceSum'],
];

export type Relevance =
  /** All its operators are those that a CNN's body is made of. */
  | 'body'
  /** Some are the host's. */
  | 'host'
  | 'none';

const BODY = new Set([...STRUCTURE, ...FOLDED, ...DIALECTS]);
const ALL = new Set([...BODY, ...HOST]);

/** Names of the operators, each once, in the order of the nodes. */
export function operatorsOf(test: NodeTest): string[] {
  const nodes = test.model().graph?.node ?? [];
  return [...new Set(nodes.map((node) => node.opType ?? ''))];
}

export function relevanceOf(operators: readonly string[]): Relevance {
  if (operators.every((name) => BODY.has(name))) return 'body';
  return operators.every((name) => ALL.has(name)) ? 'host' : 'none';
}
