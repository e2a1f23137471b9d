/** Graph -> ONNX file: what ONNX Runtime executes when a graph is calibrated, or compared with the model it came from. */
import proto from 'onnx-proto';
import { SystoleError } from '../base/error.js';
import type { EpilogueStep, Graph } from './graph.js';
import { FLOAT, INT64, int, ints, OnnxSink, valueInfo } from './onnx-sink.js';
import { shapeOf, writeNode } from './write-node.js';
import { writeQuantizer } from './write-quantizer.js';

/** From 19 on ONNX Runtime 1.22 divides by a wrong count where an AveragePool has more padding on one side. */
const OPSET = 13;
const IR_VERSION = 9;

/**
 * An ONNX model that computes the graph. Its outputs are the model output, then `outputs`, each under its own name.
 * @throws SystoleError graph-invalid for an output that no node makes
 */
export function graphToOnnx(graph: Graph, options: { readonly outputs?: readonly string[] } = {}): Uint8Array {
  const sink = new OnnxSink([...graph.tensors.keys(), graph.input.name, graph.output.name, graph.modelOutput.name]);
  const modelInput = writeInput(sink, graph);
  for (const node of graph.nodes) writeNode(sink, graph, node);
  writeEpilogue(sink, graph);
  const made = new Set(graph.nodes.map((node) => node.output));
  const extra = new Set(options.outputs ?? []);
  extra.delete(graph.modelOutput.name);
  for (const name of extra) {
    if (!made.has(name)) throw new SystoleError('graph-invalid', 'no node makes this output', { where: name });
  }
  const isIndex = graph.epilogue.some((step) => step.kind === 'argmax');
  const model = proto.onnx.ModelProto.create({
    irVersion: IR_VERSION,
    producerName: 'systole',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: {
      name: graph.name,
      node: sink.nodes,
      initializer: sink.initializers,
      input: [modelInput],
      output: [
        valueInfo(graph.modelOutput.name, graph.modelOutput.shape, isIndex ? INT64 : FLOAT),
        ...[...extra].map((name) => valueInfo(name, shapeOf(graph, name), FLOAT)),
      ],
    },
  });
  return proto.onnx.ModelProto.encode(model).finish();
}

/** The model's own input; where its layout is another than the graph's, the operators that lead from one to the other. */
function writeInput(sink: OnnxSink, graph: Graph): proto.onnx.IValueInfoProto {
  const { name, shape, layout } = graph.input;
  if (layout === undefined) return valueInfo(name, shape, FLOAT);
  const own = sink.unused(`${name}.model`);
  const split = sink.apply('Reshape', [own, sink.integers(`${name}.splitshape`, layout.split)], `${name}.split`);
  const permuted = sink.apply('Transpose', [split], `${name}.permuted`, [ints('perm', layout.permutation)]);
  sink.emit('Reshape', [permuted, sink.integers(`${name}.shape`, shape)], name);
  return valueInfo(own, layout.modelShape, FLOAT);
}

/** The steps after the last array node; the last of them makes the model output. */
function writeEpilogue(sink: OnnxSink, { epilogue, output, modelOutput }: Graph): void {
  let from = output.name;
  for (const [i, step] of epilogue.entries()) {
    const to = i === epilogue.length - 1 ? modelOutput.name : sink.unused(`${output.name}.step${i}`);
    writeStep(sink, step, from, to);
    from = to;
  }
  if (from !== modelOutput.name) sink.emit('Identity', [from], modelOutput.name);
}

function writeStep(sink: OnnxSink, step: EpilogueStep, from: string, to: string): void {
  switch (step.kind) {
    case 'softmax':
      sink.emit('Softmax', [from], to, [int('axis', step.axis)]);
      return;
    case 'sigmoid':
      sink.emit('Sigmoid', [from], to);
      return;
    case 'quantize':
      writeQuantizer(sink, step.quantizer, from, to, 2);
      return;
    case 'argmax':
      sink.emit('ArgMax', [from], to, [int('axis', step.axis), int('keepdims', step.keepdims ? 1 : 0)]);
      return;
    case 'reshape':
      sink.emit('Reshape', [from, sink.integers(`${to}.shape`, step.shape)], to);
      return;
    case 'transpose':
      sink.emit('Transpose', [from], to, [ints('perm', step.permutation)]);
      return;
  }
}
