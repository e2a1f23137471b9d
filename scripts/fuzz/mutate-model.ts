/** Well-formed files that say something else: what a broken exporter or an attacker makes of a model. */
import proto from 'onnx-proto';
import type { RandomSource } from '../../src/base/random.js';
import { OPERATORS } from '../../src/frontend/operators/table.js';
import { mutateAttributes } from './mutate-attributes.js';
import { mutateTensor } from './mutate-tensor.js';

type Graph = proto.onnx.IGraphProto;
type Mutation = (graph: Graph, random: RandomSource, model: proto.onnx.IModelProto) => void;

const MUTATIONS: readonly Mutation[] = [
  ...[mutateInputs, mutateInputs, mutateOutputs, mutateOperator, mutateOperator, mutateOrder],
  ...[mutateInfo, mutateInfo, mutateVersions],
  onNode(mutateAttributes),
  onNode(mutateAttributes),
  onNode(mutateAttributes),
  (graph, random) => mutateTensor(pick(graph.initializer, random), random),
  (graph, random) => mutateTensor(pick(graph.initializer, random), random),
  (graph, random) => void graph.initializer?.splice(random.integer(0, graph.initializer.length), 1),
];

/** One to three mutations of the decoded model, encoded again. */
export function mutateModel(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const model = proto.onnx.ModelProto.decode(bytes);
  const graph = model.graph as Graph;
  for (let i = random.integer(1, 3); i > 0; i--) {
    MUTATIONS[random.integer(0, MUTATIONS.length - 1)]!(graph, random, model);
  }
  return proto.onnx.ModelProto.encode(model).finish();
}

export function pick<T>(items: readonly T[] | null | undefined, random: RandomSource): T | undefined {
  return items?.[random.integer(0, Math.max(0, items.length - 1))];
}

function onNode(mutate: (node: proto.onnx.INodeProto, random: RandomSource) => void): Mutation {
  return (graph, random) => {
    const node = pick(graph.node, random);
    if (node !== undefined) mutate(node, random);
  };
}

/** Any name of the graph, or one that it does not have. */
function someName(graph: Graph, random: RandomSource): string {
  const node = pick(graph.node, random);
  const names = [
    ...['', 'no such tensor', pick(graph.input, random)?.name],
    ...[pick(graph.initializer, random)?.name, pick(node?.output, random), pick(node?.input, random)],
  ];
  return pick(names, random) ?? '';
}

function mutateInputs(graph: Graph, random: RandomSource): void {
  const inputs = pick(graph.node, random)?.input;
  if (inputs == null) return;
  const at = random.integer(0, inputs.length);
  const kind = random.integer(0, 2);
  if (kind === 0) inputs.splice(at, 1);
  else inputs.splice(at, kind === 1 ? 1 : 0, someName(graph, random));
}

function mutateOutputs(graph: Graph, random: RandomSource): void {
  const outputs = pick(graph.node, random)?.output;
  if (outputs == null) return;
  const at = random.integer(0, outputs.length);
  outputs.splice(at, random.integer(0, 1), someName(graph, random));
}

function mutateOperator(graph: Graph, random: RandomSource): void {
  const node = pick(graph.node, random);
  const operator = pick(OPERATORS, random);
  if (node === undefined || operator === undefined) return;
  node.opType = operator.name;
  node.domain = operator.domain;
}

function mutateOrder(graph: Graph, random: RandomSource): void {
  const nodes = graph.node ?? [];
  const at = random.integer(0, Math.max(0, nodes.length - 1));
  const [node] = nodes.splice(at, 1);
  if (node === undefined || random.integer(0, 2) === 0) return;
  nodes.splice(random.integer(0, nodes.length), 0, node);
  if (random.integer(0, 1) === 0) nodes.splice(random.integer(0, nodes.length), 0, { ...node });
}

const SIZES = [0, 1, 2, 3, 7, 64, 1000, 2 ** 20, 2 ** 31 - 1, 2 ** 53, -1];

function mutateInfo(graph: Graph, random: RandomSource): void {
  const list = random.integer(0, 3) === 0 ? graph.output : graph.input;
  const info = pick(list, random);
  const tensor = info?.type?.tensorType;
  if (info === undefined || tensor == null) return;
  const dims = tensor.shape?.dim;
  const kind = random.integer(0, 5);
  if (kind === 0) tensor.elemType = random.integer(0, 30);
  else if (kind === 1) tensor.shape = null;
  else if (kind === 2) info.name = someName(graph, random);
  else if (kind === 3) list?.splice(random.integer(0, list.length), random.integer(0, 1), { ...info });
  else dims?.splice(random.integer(0, dims.length), random.integer(0, 1), { dimValue: pick(SIZES, random)! });
}

function mutateVersions({ node }: Graph, random: RandomSource, model: proto.onnx.IModelProto): void {
  const kind = random.integer(0, 2);
  const opset = pick(model.opsetImport, random);
  if (kind === 0 && opset !== undefined) opset.version = random.integer(-1, 30);
  else if (kind === 1) model.irVersion = random.integer(-1, 20);
  else {
    const domains = ['', 'ai.onnx', 'com.microsoft', 'onnx.brevitas', 'qonnx.custom_op.general', 'no.such.domain'];
    const one = pick(node, random);
    if (one !== undefined) one.domain = pick(domains, random)!;
  }
}
