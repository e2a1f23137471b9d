/** Graph -> ONNX file: what ONNX Runtime executes when a graph is calibrated, or compared with the model it came from. */
import proto from 'onnx-proto';
import { SystoleError } from '../base/error.js';
import type {
  AffineNode,
  AveragePoolNode,
  BatchNorm,
  Clamp,
  EpilogueStep,
  Graph,
  GraphNode,
  Shape,
  Window2d,
} from './graph.js';
import { writeQuantizer } from './write-quantizer.js';

/** From 19 on ONNX Runtime 1.22 divides by a wrong count where an AveragePool has more padding on one side. */
const OPSET = 13;
const IR_VERSION = 9;
/** TensorProto.DataType */
const FLOAT = 1;
const INT64 = 7;
/** AttributeProto.AttributeType */
const FLOAT_ATTRIBUTE = 1;
const INT_ATTRIBUTE = 2;
const INTS_ATTRIBUTE = 7;

/**
 * An ONNX model that computes the graph. Its outputs are the model output, then `outputs`, each under its own name.
 * @throws SystoleError graph-invalid for an output that no node makes
 */
export function graphToOnnx(graph: Graph, options: { readonly outputs?: readonly string[] } = {}): Uint8Array {
  const writer = new GraphWriter(graph);
  const modelInput = writer.input();
  for (const node of graph.nodes) writer.node(node);
  writer.epilogue();
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
      node: writer.nodes,
      initializer: writer.initializers,
      input: [modelInput],
      output: [
        valueInfo(graph.modelOutput.name, graph.modelOutput.shape, isIndex ? INT64 : FLOAT),
        ...[...extra].map((name) => valueInfo(name, shapeOf(graph, name), FLOAT)),
      ],
    },
  });
  return proto.onnx.ModelProto.encode(model).finish();
}

class GraphWriter {
  readonly nodes: proto.onnx.INodeProto[] = [];
  readonly initializers: proto.onnx.ITensorProto[] = [];
  private readonly taken: Set<string>;

  constructor(private readonly graph: Graph) {
    this.taken = new Set([...graph.tensors.keys(), graph.input.name, graph.output.name, graph.modelOutput.name]);
  }

  /** The model's own input; where its layout is another than the graph's, the operators that lead from one to the other. */
  input(): proto.onnx.IValueInfoProto {
    const { name, shape, layout } = this.graph.input;
    if (layout === undefined) return valueInfo(name, shape, FLOAT);
    const own = this.unused(`${name}.model`);
    const split = this.unused(`${name}.split`);
    const permuted = this.unused(`${name}.permuted`);
    this.emit('Reshape', [own, this.integers(`${name}.splitshape`, layout.split)], split);
    this.emit('Transpose', [split], permuted, [ints('perm', layout.permutation)]);
    this.emit('Reshape', [permuted, this.integers(`${name}.shape`, shape)], name);
    return valueInfo(own, layout.modelShape, FLOAT);
  }

  node(node: GraphNode): void {
    switch (node.kind) {
      case 'conv': {
        const weights = this.floats(`${node.name}.weights`, node.weights.shape, node.weights.data);
        const bias = this.floats(`${node.name}.bias`, node.bias.shape, node.bias.data);
        const attributes = [...windowAttributes(node), int('group', node.groups)];
        this.clamped(node, node.clamp, 'Conv', [node.input, weights, bias], attributes);
        return;
      }
      case 'dense': {
        const weights = this.floats(`${node.name}.weights`, node.weights.shape, node.weights.data);
        const bias = this.floats(`${node.name}.bias`, node.bias.shape, node.bias.data);
        const flat = this.flattened(node.name, node.input);
        const shape = shapeOf(this.graph, node.output);
        const vector = shape.length === 2 ? node.output : this.unused(`${node.output}.vector`);
        this.clamped(
          { name: node.name, output: vector },
          node.clamp,
          'Gemm',
          [flat, weights, bias],
          [int('transB', 1)],
        );
        if (vector !== node.output) {
          this.emit('Reshape', [vector, this.integers(`${node.name}.shape`, shape)], node.output);
        }
        return;
      }
      case 'add':
        this.clamped(node, node.clamp, 'Add', node.inputs, []);
        return;
      case 'quant':
        writeQuantizer(this, node.quantizer, node.input, node.output, shapeOf(this.graph, node.input).length);
        return;
      case 'affine': {
        if (node.norm !== undefined) {
          this.batchNorm(node, node.norm);
          return;
        }
        const rank = shapeOf(this.graph, node.input).length;
        const shape = [1, node.scale.length, ...new Array<number>(Math.max(0, rank - 2)).fill(1)];
        const product = this.unused(`${node.name}.scaled`);
        this.emit('Mul', [node.input, this.floats(`${node.name}.scale`, shape, node.scale)], product);
        this.clamped(node, node.clamp, 'Add', [product, this.floats(`${node.name}.shift`, shape, node.shift)], []);
        return;
      }
      case 'maxpool':
        this.emit('MaxPool', [node.input], node.output, windowAttributes(node));
        return;
      case 'averagepool': {
        if (node.dilations.some((n) => n > 1)) {
          this.dilatedAverage(node);
          return;
        }
        const attributes = [...windowAttributes(node, false), int('count_include_pad', 1)];
        this.clamped(node, node.clamp, 'AveragePool', [node.input], attributes);
        return;
      }
    }
  }

  private batchNorm(node: AffineNode, norm: BatchNorm): void {
    const constants = (
      [
        ['gain', norm.gain],
        ['bias', norm.bias],
        ['mean', norm.mean],
        ['variance', norm.variance],
      ] as const
    ).map(([name, data]) => this.floats(`${node.name}.${name}`, [data.length], data));
    const epsilon = { name: 'epsilon', type: FLOAT_ATTRIBUTE, f: norm.epsilon };
    this.clamped(node, node.clamp, 'BatchNormalization', [node.input, ...constants], [epsilon]);
  }

  /** AveragePool has no dilations in this operator set: a convolution of each channel by itself. */
  private dilatedAverage(node: AveragePoolNode): void {
    const channels = shapeOf(this.graph, node.input)[1] ?? 1;
    const area = node.kernel[0] * node.kernel[1];
    const share = new Float32Array(channels * area).fill(1 / area);
    const weights = this.floats(`${node.name}.weights`, [channels, 1, ...node.kernel], share);
    const attributes = [...windowAttributes(node), int('group', channels)];
    this.clamped(node, node.clamp, 'Conv', [node.input, weights], attributes);
  }

  /** The steps after the last array node; the last of them makes the model output. */
  epilogue(): void {
    const { epilogue, output, modelOutput } = this.graph;
    let from = output.name;
    for (const [i, step] of epilogue.entries()) {
      const to = i === epilogue.length - 1 ? modelOutput.name : this.unused(`${output.name}.step${i}`);
      this.step(step, from, to);
      from = to;
    }
    if (from !== modelOutput.name) this.emit('Identity', [from], modelOutput.name);
  }

  private step(step: EpilogueStep, from: string, to: string): void {
    switch (step.kind) {
      case 'softmax':
        this.emit('Softmax', [from], to, [int('axis', step.axis)]);
        return;
      case 'sigmoid':
        this.emit('Sigmoid', [from], to);
        return;
      case 'quantize':
        writeQuantizer(this, step.quantizer, from, to, 2);
        return;
      case 'argmax':
        this.emit('ArgMax', [from], to, [int('axis', step.axis), int('keepdims', step.keepdims ? 1 : 0)]);
        return;
      case 'reshape':
        this.emit('Reshape', [from, this.integers(`${to}.shape`, step.shape)], to);
        return;
      case 'transpose':
        this.emit('Transpose', [from], to, [ints('perm', step.permutation)]);
        return;
    }
  }

  /** One operator whose result passes the clamp on its way to the node's output. */
  private clamped(
    node: Pick<GraphNode, 'name' | 'output'>,
    clamp: Clamp,
    operator: string,
    inputs: readonly string[],
    attributes: readonly proto.onnx.IAttributeProto[],
  ): void {
    if (clamp.min === null && clamp.max === null) {
      this.emit(operator, inputs, node.output, attributes);
      return;
    }
    const open = this.unused(`${node.output}.unclamped`);
    this.emit(operator, inputs, open, attributes);
    if (clamp.min === 0 && clamp.max === null) {
      this.emit('Relu', [open], node.output);
      return;
    }
    const bound = (name: string, value: number | null): string =>
      value === null ? '' : this.floats(`${node.name}.${name}`, [], Float32Array.of(value));
    const limits = [bound('min', clamp.min), bound('max', clamp.max)];
    // A trailing optional input is left out, not empty.
    this.emit('Clip', [open, ...(clamp.max === null ? limits.slice(0, 1) : limits)], node.output);
  }

  private flattened(name: string, input: string): string {
    if (shapeOf(this.graph, input).length === 2) return input;
    const flat = this.unused(`${name}.flat`);
    this.emit('Flatten', [input], flat, [int('axis', 1)]);
    return flat;
  }

  emit(
    opType: string,
    inputs: readonly string[],
    output: string,
    attribute: readonly proto.onnx.IAttributeProto[] = [],
  ): void {
    this.nodes.push({ opType, name: output, input: [...inputs], output: [output], attribute: [...attribute] });
  }

  /** A constant of its own. */
  floats(wanted: string, shape: Shape, data: Float32Array): string {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.constant(wanted, { dims: [...shape], dataType: FLOAT, rawData });
  }

  private integers(wanted: string, values: readonly number[]): string {
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.constant(wanted, { dims: [values.length], dataType: INT64, rawData });
  }

  private constant(wanted: string, tensor: proto.onnx.ITensorProto): string {
    const name = this.unused(wanted);
    this.initializers.push({ ...tensor, name });
    return name;
  }

  /** A name of no tensor of the model. */
  unused(wanted: string): string {
    let name = wanted;
    while (this.taken.has(name)) name += "'";
    this.taken.add(name);
    return name;
  }
}

function windowAttributes(window: Window2d, dilated = true): proto.onnx.IAttributeProto[] {
  const { kernel, strides, dilations, pads } = window;
  const common = [ints('kernel_shape', kernel), ints('strides', strides), ints('pads', pads)];
  return dilated ? [...common, ints('dilations', dilations)] : common;
}

function int(name: string, value: number): proto.onnx.IAttributeProto {
  return { name, type: INT_ATTRIBUTE, i: value };
}

function ints(name: string, values: readonly number[]): proto.onnx.IAttributeProto {
  return { name, type: INTS_ATTRIBUTE, ints: [...values] };
}

function shapeOf(graph: Graph, name: string): Shape {
  const tensor = graph.tensors.get(name);
  if (tensor === undefined) throw new SystoleError('graph-invalid', 'a tensor has no shape', { where: name });
  return tensor.shape;
}

function valueInfo(name: string, shape: Shape, elemType: number): proto.onnx.IValueInfoProto {
  return { name, type: { tensorType: { elemType, shape: { dim: shape.map((n) => ({ dimValue: n })) } } } };
}
