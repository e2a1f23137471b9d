/**
 * Which inputs of a test are its data. Data are the first input, and the further ones where a network computes all of
 * them: the operands of an elementwise operator of one shape, the parts of a Concat, boxes and scores. Everything else
 * is what a trained network carries: weights, scales, shapes.
 */
import type proto from 'onnx-proto';

const ELEMENTWISE = ['Add', 'Sub', 'Mul', 'Max', 'Min'];

/** Names of the graph's inputs that are data, in the graph's order. */
export function dataInputs(graph: proto.onnx.IGraphProto): string[] {
  const inputs = (graph.input ?? []).map((input) => input.name ?? '');
  const node = graph.node?.[0];
  const operands = (node?.input ?? []).filter((name) => inputs.includes(name));
  const first = inputs.slice(0, 1);
  if (graph.node?.length !== 1 || node === undefined) return first;
  if (node.opType === 'Concat') return operands;
  if (node.opType === 'NonMaxSuppression') return operands.slice(0, 2);
  if (!ELEMENTWISE.includes(node.opType ?? '')) return first;
  const shapes = new Set(operands.map((name) => shapeText(graph, name)));
  return shapes.size === 1 ? operands : first;
}

function shapeText(graph: proto.onnx.IGraphProto, name: string): string {
  const input = graph.input?.find((info) => info.name === name);
  return (input?.type?.tensorType?.shape?.dim ?? []).map((dim) => Number(dim.dimValue)).join('x');
}
