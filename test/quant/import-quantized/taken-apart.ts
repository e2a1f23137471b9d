/** A model of QLinear operators as one of DequantizeLinear, float operators and QuantizeLinear, on the same constants. */
import proto from 'onnx-proto';

type Node = proto.onnx.INodeProto;

/** Operators whose operands come as (codes, scale, zero), and how many of them; the result's scale and zero follow. */
const OPERANDS: Readonly<Record<string, { readonly float: string; readonly count: number }>> = {
  QLinearConv: { float: 'Conv', count: 2 },
  QLinearMatMul: { float: 'MatMul', count: 2 },
  QLinearAdd: { float: 'Add', count: 2 },
  QLinearAveragePool: { float: 'AveragePool', count: 1 },
  QLinearSoftmax: { float: 'Softmax', count: 1 },
};

export function takenApart(bytes: Uint8Array): Uint8Array {
  const model = proto.onnx.ModelProto.decode(bytes);
  const graph = model.graph!;
  graph.node = graph.node!.flatMap((node) => (OPERANDS[node.opType!] === undefined ? [node] : apart(node)));
  return proto.onnx.ModelProto.encode(model).finish();
}

function apart(node: Node): Node[] {
  const { float, count } = OPERANDS[node.opType!]!;
  const inputs = node.input!;
  const output = node.output![0]!;
  const parts = Array.from({ length: count }, (_, i) => inputs.slice(3 * i, 3 * i + 3));
  const nodes = parts.map((part, i) => made('DequantizeLinear', part, `${output}.operand${i}`));
  const operands = nodes.map((n) => n.output![0]!);
  const bias = inputs[3 * count + 2];
  if (bias !== undefined) {
    // Its scale is the product of those of input and weights.
    const scale = made('Mul', [parts[0]![1]!, parts[1]![1]!], `${output}.biasscale`);
    const real = made('DequantizeLinear', [bias, `${output}.biasscale`], `${output}.bias`);
    nodes.push(scale, real);
    operands.push(`${output}.bias`);
  }
  const attribute = node.attribute!.filter(({ name }) => name !== 'opset' && name !== 'channels_last');
  nodes.push({ ...made(float, operands, `${output}.real`), attribute });
  nodes.push(made('QuantizeLinear', [`${output}.real`, ...inputs.slice(3 * count, 3 * count + 2)], output));
  return nodes;
}

function made(opType: string, input: string[], output: string): Node {
  return { opType, name: output, input, output: [output], attribute: [] };
}
