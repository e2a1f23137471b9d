/** How a test is put to the importer: its inputs but the data frozen, and what its first axis is. */
import proto from 'onnx-proto';
import { decodeTensor, isFloatType } from '../../src/frontend/onnx/tensor.js';
import type { NodeTest } from './archive.js';
import { dataInputs } from './data-inputs.js';
import { enterAsReal, gridOf, isCodes, leaveAsReal, realValues } from './real-codes.js';

/** A model of one image, the data of each of its runs, and what must come out. */
export interface Form {
  readonly name: string;
  readonly model: Uint8Array;
  readonly runs: readonly Run[];
}
export interface Run {
  /** By the names of the model's inputs. */
  readonly inputs: Readonly<Record<string, Float32Array>>;
  /** One for each output of the model, in order. */
  readonly outputs: readonly Float32Array[];
}

/** TensorProto.DataType and AttributeProto.AttributeType */
const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;
const INTS = 7;

/**
 * The forms to try, in order. A batch of one is the test as it is. A longer first axis is, for operators that leave it alone,
 * a batch whose images are run one by one; and for every operator an axis like any other, of one
 * sample that the model takes as 1 x shape and squeezes. What gives the
 * array nothing to do comes again behind a Mul by one half, with the data doubled: both are exact; and what does not even
 * read the data, shapes that is, beside such a Mul, whose result is an output too.
 * @returns the reason where a tensor's type is not read
 */
export function formsOf(test: NodeTest): Form[] | string {
  const all = PLACES.map((place) => openForms(test, place));
  const unread = all.find((forms) => typeof forms === 'string');
  return typeof unread === 'string' ? unread : (all as Form[][]).flat();
}

/** Where the halving stands. */
const PLACES = ['nowhere', 'in front', 'beside'] as const;
type Place = (typeof PLACES)[number];
const TITLES = { nowhere: '', 'in front': ', behind a halving', beside: ', beside a halving' } as const;

/** They may take the first axis of their data for the batch; the shapes of input and output say whether they leave it alone. */
const ON_IMAGES = new Set([
  ...['Conv', 'ConvInteger', 'ConvTranspose', 'QLinearConv', 'BatchNormalization', 'DepthToSpace', 'SpaceToDepth'],
  ...['MaxPool', 'AveragePool', 'GlobalMaxPool', 'GlobalAveragePool', 'Resize', 'Upsample', 'ReduceMean', 'Pad'],
  ...['Gemm', 'MatMul', 'MatMulInteger', 'QLinearMatMul', 'QuantizeLinear', 'DequantizeLinear'],
  ...['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Concat', 'Split', 'Slice'],
]);

function isOnImages({ node }: proto.onnx.IGraphProto): boolean {
  return (node ?? []).some(({ opType }) => ON_IMAGES.has(opType ?? ''));
}

function openForms(test: NodeTest, place: Place): Form[] | string {
  const plain = frozen(test);
  if (typeof plain === 'string') return plain;
  const [first = []] = plain.shapes;
  const title = (name: string) => `${name}${TITLES[place]}`;
  const data = place === 'nowhere' ? plain : halved(plain, place);
  if (first.length < 2 || first[0] === 1) return [{ name: title('as it is'), ...whole(data) }];
  const batch = first[0]!;
  const byImage =
    isOnImages(plain.graph) && [...data.shapes, ...data.outputShapes].every((shape) => shape[0] === batch);
  const images = { name: title('image by image'), model: plain.bytes(), runs: imageRuns(data, batch) };
  squeezeInputs(plain.graph, plain.opset);
  return [...(byImage ? [images] : []), { name: title('as one sample'), ...whole(data) }];
}

interface Frozen {
  readonly graph: proto.onnx.IGraphProto;
  readonly opset: number;
  /** Of the data inputs. */
  readonly shapes: readonly (readonly number[])[];
  readonly inputs: readonly Float32Array[];
  readonly outputs: readonly Float32Array[];
  readonly outputShapes: readonly (readonly number[])[];
  readonly bytes: () => Uint8Array;
}

function frozen(test: NodeTest): Frozen | string {
  const model = test.model();
  const graph = model.graph as proto.onnx.IGraphProto;
  const data = dataInputs(graph);
  const all = (graph.input ?? []).map((input, index) => ({ name: input.name ?? '', tensor: () => test.input(index) }));
  graph.initializer ??= [];
  for (const { name, tensor } of all) if (!data.includes(name)) graph.initializer.push({ ...tensor(), name });
  graph.input = (graph.input ?? []).filter((input) => data.includes(input.name ?? ''));
  const made = all
    .filter(({ name }) => data.includes(name))
    .map(({ name, tensor }) => dataInput(graph, name, tensor()));
  const outputs = (graph.output ?? []).map((info, index) => outputValues(graph, info.name ?? '', test.output(index)));
  const tensors = [...made, ...outputs];
  const unread = tensors.find((tensor) => typeof tensor === 'string');
  if (typeof unread === 'string') return unread;
  const [inputs, results] = [made, outputs] as [Values[], Values[]];
  return {
    graph,
    opset: Number(model.opsetImport?.[0]?.version ?? 0),
    shapes: inputs.map(({ shape }) => shape),
    inputs: inputs.map(({ values }) => values),
    outputs: results.map(({ values }) => values),
    outputShapes: results.map(({ shape }) => shape),
    bytes: () => proto.onnx.ModelProto.encode(model).finish(),
  };
}

interface Values {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

function dataInput(graph: proto.onnx.IGraphProto, name: string, tensor: proto.onnx.ITensorProto): Values | string {
  const type = Number(tensor.dataType ?? 0);
  const decoded = decodeTensor(tensor, `input ${name}`);
  if (decoded.type === 'other') return `data of ${decoded.what}`;
  if (isFloatType(type)) return { shape: decoded.shape, values: Float32Array.from(decoded.data) };
  if (!isCodes(type)) {
    if (onlyMoves(graph)) graph.input!.find((info) => info.name === name)!.type!.tensorType!.elemType = FLOAT;
    return { shape: decoded.shape, values: Float32Array.from(decoded.data) };
  }
  const grid = gridOf(graph, 'input', type);
  const values = realValues(tensor, grid);
  if (values === null) return 'a constant of a type that is not read';
  enterAsReal(graph, name, grid);
  return { shape: decoded.shape, values };
}

function outputValues(graph: proto.onnx.IGraphProto, name: string, tensor: proto.onnx.ITensorProto): Values | string {
  const type = Number(tensor.dataType ?? 0);
  const decoded = decodeTensor(tensor, `output ${name}`);
  if (decoded.type === 'other') return `an output of ${decoded.what}`;
  const plain = { shape: decoded.shape, values: Float32Array.from(decoded.data) };
  const node = graph.node!.at(-1)!;
  if (type === INT32 && node.opType?.endsWith('Integer')) {
    leaveAsReal(graph, name, null);
    return plain;
  }
  if (!isCodes(type)) {
    if (onlyMoves(graph)) graph.output!.find((info) => info.name === name)!.type!.tensorType!.elemType = FLOAT;
    return plain;
  }
  const grid = gridOf({ ...graph, node: [node] }, 'output', type);
  const values = realValues(tensor, grid);
  if (values === null) return 'a constant of a type that is not read';
  leaveAsReal(graph, name, grid);
  return { shape: decoded.shape, values };
}

/** Wide integers that float32 holds may then be real values. */
function onlyMoves({ node }: proto.onnx.IGraphProto): boolean {
  return (node ?? []).every(({ opType }) => opType === 'Pad');
}

function whole({ graph, bytes, inputs, outputs }: Frozen): Pick<Form, 'model' | 'runs'> {
  return { model: bytes(), runs: [{ inputs: named(graph, inputs), outputs }] };
}

function named({ input }: proto.onnx.IGraphProto, values: readonly Float32Array[]): Run['inputs'] {
  return Object.fromEntries(values.map((data, i) => [input![i]!.name!, data]));
}

function imageRuns({ graph, inputs, outputs }: Frozen, batch: number): Run[] {
  const image = (values: Float32Array, i: number) => {
    const size = values.length / batch;
    return values.slice(i * size, (i + 1) * size);
  };
  return Array.from({ length: batch }, (_, i) => ({
    inputs: named(
      graph,
      inputs.map((values) => image(values, i)),
    ),
    outputs: outputs.map((values) => image(values, i)),
  }));
}

/** The model takes twice the data. */
function halved(plain: Frozen, place: Place): Frozen {
  const { graph, inputs, outputs, shapes, outputShapes } = plain;
  const infos = structuredClone(graph.input ?? []);
  halveInputs(graph);
  const doubled = { ...plain, inputs: inputs.map((values) => values.map((x) => 2 * x)) };
  if (place === 'in front') return doubled;
  graph.output!.push(...infos);
  return { ...doubled, outputs: [...outputs, ...inputs], outputShapes: [...outputShapes, ...shapes] };
}

function halveInputs(graph: proto.onnx.IGraphProto): void {
  for (const info of graph.input ?? []) {
    const name = info.name ?? '';
    const node = { opType: 'Mul', name: `half of ${name}`, input: [`${name}.doubled`, `${name}.half`], output: [name] };
    info.name = `${name}.doubled`;
    graph.initializer!.push({ name: `${name}.half`, dims: [], dataType: FLOAT, floatData: [0.5] });
    graph.node!.unshift(node);
  }
}

/** From operator set 13 on Squeeze takes its axes as an input. */
const AXES_INPUT = 13;

function squeezeInputs(graph: proto.onnx.IGraphProto, opset: number): void {
  for (const info of graph.input ?? []) {
    const name = info.name ?? '';
    info.name = `${name}.sample`;
    info.type!.tensorType!.shape!.dim!.unshift({ dimValue: 1 });
    const node: proto.onnx.INodeProto = { opType: 'Squeeze', name: `Squeeze of ${name}`, output: [name] };
    if (opset < AXES_INPUT) {
      graph.node!.unshift({ ...node, input: [info.name], attribute: [{ name: 'axes', type: INTS, ints: [0] }] });
      continue;
    }
    const axes = `${name}.axes`;
    graph.initializer!.push({ name: axes, dims: [1], dataType: INT64, int64Data: [0] });
    graph.node!.unshift({ ...node, input: [info.name, axes] });
  }
}
