/** Graph -> ONNX file: what ONNX Runtime executes when a graph is calibrated, or compared with the model it came from. */
import proto from 'onnx-proto';
import { SystoleError } from '../base/error.js';
import type { Graph, GraphInput, Shape } from './graph.js';
import { writeHostStep } from './host-to-onnx.js';
import { elementTypeOf } from './onnx/tensor.js';
import { FLOAT, int, ints, OnnxSink, valueInfo } from './onnx-sink.js';
import { shapeOf, writeNode } from './write-node.js';

/** From 19 on ONNX Runtime 1.22 divides by a wrong count where an AveragePool has more padding on one side. */
const OPSET = 13;
const IR_VERSION = 9;

/**
 * An ONNX model that computes the graph. Its outputs are the model's outputs, then `outputs`, each under its own name.
 * @throws SystoleError graph-invalid for an output that no node makes
 */
export function graphToOnnx(graph: Graph, options: { readonly outputs?: readonly string[] } = {}): Uint8Array {
  const taken = [...graph.tensors.keys(), ...graph.host.flatMap(({ outputs }) => outputs.map(({ name }) => name))];
  const sink = new OnnxSink([...taken, ...graph.modelOutputs.map(({ name }) => name)]);
  const modelInputs = graph.inputs.map((input) => writeInput(sink, input));
  for (const node of graph.nodes) writeNode(sink, graph, node);
  const modelOutputs = writeHost(sink, graph);
  const made = new Set(graph.nodes.map((node) => node.output));
  const extra = new Set(options.outputs ?? []);
  for (const { name } of graph.modelOutputs) extra.delete(name);
  for (const name of extra) {
    if (!made.has(name)) throw new SystoleError('graph-invalid', 'no node makes this output', { where: name });
  }
  const model = proto.onnx.ModelProto.create({
    irVersion: IR_VERSION,
    producerName: 'systole',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: {
      name: graph.name,
      node: sink.nodes,
      initializer: sink.initializers,
      input: modelInputs,
      output: [...modelOutputs, ...[...extra].map((name) => valueInfo(name, shapeOf(graph, name), FLOAT))],
    },
  });
  return proto.onnx.ModelProto.encode(model).finish();
}

/** One of the model's own inputs; where its layout is another than the graph's, the operators that lead from one to the other. */
function writeInput(sink: OnnxSink, input: GraphInput): proto.onnx.IValueInfoProto {
  const { name, shape, layout } = input;
  if (layout === undefined) return valueInfo(name, shape, FLOAT);
  const own = sink.unused(`${name}.model`);
  const split = sink.apply('Reshape', [own, sink.integers(`${name}.splitshape`, layout.split)], `${name}.split`);
  const permuted = sink.apply('Transpose', [split], `${name}.permuted`, [ints('perm', layout.permutation)]);
  sink.emit('Reshape', [permuted, sink.integers(`${name}.shape`, shape)], name);
  return valueInfo(own, layout.modelShape, FLOAT);
}

/** The host's steps, then the model's outputs: integers where the model has integers. */
function writeHost(sink: OnnxSink, { host, tensors, modelOutputs }: Graph): proto.onnx.IValueInfoProto[] {
  const integers = new Map(modelOutputs.flatMap(({ name, type }) => (isInteger(type) ? [[name, type] as const] : [])));
  const made = host.flatMap(({ outputs }) => outputs);
  const names = new Map(made.map(({ name }) => [name, integers.has(name) ? sink.unused(`${name}.real`) : name]));
  const now = (name: string): string => names.get(name) ?? name;
  const shapes = new Map<string, Shape>([...tensors.values(), ...made].map(({ name, shape }) => [now(name), shape]));
  for (const step of host) {
    const inputs = step.inputs.map((input) => (typeof input === 'string' ? now(input) : input));
    const outputs = step.outputs.map((output) => ({ ...output, name: now(output.name) }));
    writeHostStep(sink, { ...step, inputs, outputs }, (name) => shapes.get(name) ?? []);
  }
  return modelOutputs.map(({ name, value, shape, type }) => {
    const from = now(value);
    const to = isInteger(type) ? elementTypeOf(type) : FLOAT;
    if (to !== FLOAT) sink.emit('Cast', [from], name, [int('to', to)]);
    else if (from !== name) sink.emit('Identity', [from], name);
    return valueInfo(name, shape, to);
  });
}

const isInteger = (type: string): boolean => /^u?int(8|16|32|64)$/.test(type);
