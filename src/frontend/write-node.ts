/** Each kind of node as ONNX operators. */
import { SystoleError } from '../base/error.js';
import type { AffineNode, BatchNorm, DenseNode, Graph, GraphNode, Shape } from './graph.js';
import { float, int, type OnnxSink } from './onnx-sink.js';
import { writeArrange } from './write-arrange.js';
import { writeAveragePool } from './write-average-pool.js';
import { channelShape, windowAttributes, writeClamped } from './write-parts.js';
import { writePointwise } from './write-pointwise.js';
import { writeQuantizer } from './write-quantizer.js';

export function writeNode(sink: OnnxSink, graph: Graph, node: GraphNode): void {
  switch (node.kind) {
    case 'conv': {
      const weights = sink.floats(`${node.name}.weights`, node.weights.shape, node.weights.data);
      const bias = sink.floats(`${node.name}.bias`, node.bias.shape, node.bias.data);
      const attributes = [...windowAttributes(node), int('group', node.groups)];
      writeClamped(sink, node, 'Conv', [node.input, weights, bias], attributes);
      return;
    }
    case 'dense':
      writeDense(sink, graph, node);
      return;
    case 'add':
      writeClamped(sink, node, node.sign === -1 ? 'Sub' : 'Add', node.inputs);
      return;
    case 'mul':
      writeClamped(sink, node, 'Mul', node.inputs);
      return;
    case 'affine':
      if (node.norm === undefined) writeAffine(sink, node, shapeOf(graph, node.input).length);
      else writeBatchNorm(sink, node, node.norm);
      return;
    case 'quant':
      writeQuantizer(sink, node.quantizer, node.input, node.output, shapeOf(graph, node.input).length);
      return;
    case 'maxpool':
      sink.emit('MaxPool', [node.input], node.output, windowAttributes(node));
      return;
    case 'averagepool':
      writeAveragePool(sink, node, shapeOf(graph, node.input), shapeOf(graph, node.output));
      return;
    case 'pointwise':
      writePointwise(sink, node, shapeOf(graph, node.input).length);
      return;
    case 'arrange':
      writeArrange(sink, node, (name) => shapeOf(graph, name));
      return;
  }
}

function writeDense(sink: OnnxSink, graph: Graph, node: DenseNode): void {
  const weights = sink.floats(`${node.name}.weights`, node.weights.shape, node.weights.data);
  const bias = sink.floats(`${node.name}.bias`, node.bias.shape, node.bias.data);
  const isVector = shapeOf(graph, node.input).length === 2;
  const flat = isVector ? node.input : sink.apply('Flatten', [node.input], `${node.name}.flat`, [int('axis', 1)]);
  const shape = shapeOf(graph, node.output);
  const output = shape.length === 2 ? node.output : sink.unused(`${node.output}.vector`);
  writeClamped(sink, { ...node, output }, 'Gemm', [flat, weights, bias], [int('transB', 1)]);
  if (output !== node.output) {
    sink.emit('Reshape', [output, sink.integers(`${node.name}.shape`, shape)], node.output);
  }
}

function writeAffine(sink: OnnxSink, node: AffineNode, rank: number): void {
  const shape = channelShape(node.scale.length, rank);
  const [operator, by] = node.divisor === undefined ? (['Mul', node.scale] as const) : (['Div', node.divisor] as const);
  const scale = sink.floats(`${node.name}.scale`, shape, by);
  const product = sink.apply(operator, [node.input, scale], `${node.name}.scaled`);
  writeClamped(sink, node, 'Add', [product, sink.floats(`${node.name}.shift`, shape, node.shift)]);
}

function writeBatchNorm(sink: OnnxSink, node: AffineNode, norm: BatchNorm): void {
  const constants = (
    [
      ['gain', norm.gain],
      ['bias', norm.bias],
      ['mean', norm.mean],
      ['variance', norm.variance],
    ] as const
  ).map(([name, data]) => sink.floats(`${node.name}.${name}`, [data.length], data));
  writeClamped(sink, node, 'BatchNormalization', [node.input, ...constants], [float('epsilon', norm.epsilon)]);
}

export function shapeOf(graph: Graph, name: string): Shape {
  const tensor = graph.tensors.get(name);
  if (tensor === undefined) throw new SystoleError('graph-invalid', 'a tensor has no shape', { where: name });
  return tensor.shape;
}
