/** Bytes of a model file -> OnnxModel. Only this folder knows protobuf. */
import proto from 'onnx-proto';
import { SystoleError } from '../../base/error.js';
import type { AttributeValue, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from './model.js';
import { decodeTensor } from './tensor.js';
import { checkWire } from './wire.js';

const TEXT = new TextDecoder();

/** AttributeProto.AttributeType */
const FLOAT = 1;
const INT = 2;
const STRING = 3;
const TENSOR = 4;
const FLOATS = 6;
const INTS = 7;
const STRINGS = 8;

/**
 * Decodes an ONNX file. Bounded: a hostile or damaged file costs one pass over its bytes.
 * @throws SystoleError not-onnx, onnx-truncated, onnx-too-large, onnx-external-data, graph-empty; graph-invalid for one name twice
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  checkWire(bytes);
  const model = decodeProto(bytes);
  const graph = model.graph;
  if (graph === null || graph === undefined) {
    throw new SystoleError('onnx-truncated', 'the ONNX file ends early: it holds no graph', { where: 'ModelProto' });
  }
  const nodes = graph.node ?? [];
  if (nodes.length === 0) throw new SystoleError('graph-empty', 'the graph has no nodes', { where: graph.name ?? '' });
  const initializers = decodeInitializers(graph);
  const inputs = (graph.input ?? []).map(decodeValueInfo);
  return {
    irVersion: Number(model.irVersion ?? 0),
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    name: graph.name ?? '',
    opsets: new Map((model.opsetImport ?? []).map((id) => [canonicalDomain(id.domain), Number(id.version ?? 0)])),
    nodes: decodeNodes(nodes),
    initializers,
    constantTypes: new Set((graph.initializer ?? []).map((tensor) => Number(tensor.dataType ?? 0))),
    inputs: inputs.filter((input) => !initializers.has(input.name)),
    outputs: (graph.output ?? []).map(decodeValueInfo),
  };
}

function decodeProto(bytes: Uint8Array): proto.onnx.ModelProto {
  try {
    return proto.onnx.ModelProto.decode(bytes);
  } catch (error) {
    throw new SystoleError('onnx-truncated', 'the ONNX file ends early or is damaged', {
      actual: error instanceof Error ? error.message : String(error),
    });
  }
}

function decodeInitializers(graph: proto.onnx.IGraphProto): Map<string, OnnxTensor> {
  const initializers = new Map<string, OnnxTensor>();
  const add = (name: string, tensor: OnnxTensor): void => {
    if (initializers.has(name)) {
      throw new SystoleError('graph-invalid', 'two initializers have one name', { where: name });
    }
    initializers.set(name, tensor);
  };
  for (const tensor of graph.initializer ?? []) {
    add(tensor.name ?? '', decodeTensor(tensor, `initializer ${tensor.name}`));
  }
  for (const sparse of graph.sparseInitializer ?? []) {
    const shape = (sparse.dims ?? []).map(Number);
    add(sparse.values?.name ?? '', { type: 'other', shape, what: 'a sparse tensor' });
  }
  return initializers;
}

function decodeNodes(nodes: readonly proto.onnx.INodeProto[]): OnnxNode[] {
  const taken = new Set<string>();
  return nodes.map((node, index) => {
    const outputs = node.output ?? [];
    const base = node.name || outputs.find(Boolean) || `node ${index}`;
    const name = unused(taken, base, index);
    taken.add(name);
    return {
      name,
      operator: node.opType ?? '',
      domain: canonicalDomain(node.domain),
      inputs: node.input ?? [],
      outputs,
      attributes: new Map((node.attribute ?? []).map((a) => [a.name ?? '', decodeAttribute(a, `${name}.${a.name}`)])),
    };
  });
}

/** ONNX node names need not be unique; ours are. */
function unused(taken: ReadonlySet<string>, base: string, index: number): string {
  let name = taken.has(base) ? `${base}#${index}` : base;
  while (taken.has(name)) name += "'";
  return name;
}

function decodeAttribute(attribute: proto.onnx.IAttributeProto, where: string): AttributeValue {
  switch (attributeType(attribute)) {
    case FLOAT:
      return { type: 'float', value: Number(attribute.f ?? 0) };
    case INT:
      return { type: 'int', value: Number(attribute.i ?? 0) };
    case STRING:
      return { type: 'string', value: TEXT.decode(attribute.s ?? new Uint8Array(0)) };
    case TENSOR:
      return attribute.t ? { type: 'tensor', value: decodeTensor(attribute.t, where) } : { type: 'other', value: null };
    case FLOATS:
      return { type: 'floats', value: (attribute.floats ?? []).map(Number) };
    case INTS:
      return { type: 'ints', value: (attribute.ints ?? []).map(Number) };
    case STRINGS:
      return { type: 'strings', value: (attribute.strings ?? []).map((s) => TEXT.decode(s)) };
    default:
      return { type: 'other', value: null };
  }
}

/** IR version 1 files carry no type: the field that is there tells it. */
function attributeType(attribute: proto.onnx.IAttributeProto): number {
  const declared = Number(attribute.type ?? 0);
  if (declared !== 0) return declared;
  if (attribute.t) return TENSOR;
  if (attribute.ints?.length) return INTS;
  if (attribute.floats?.length) return FLOATS;
  if (attribute.strings?.length) return STRINGS;
  if (attribute.s?.length) return STRING;
  return attribute.f ? FLOAT : INT;
}

function decodeValueInfo(info: proto.onnx.IValueInfoProto): OnnxValueInfo {
  const type = info.type?.tensorType;
  const dimensions = type?.shape?.dim;
  return {
    name: info.name ?? '',
    elementType: Number(type?.elemType ?? 0),
    shape: dimensions?.map((d) => (d.dimParam ? d.dimParam : d.dimValue == null ? '' : Number(d.dimValue))) ?? null,
  };
}

function canonicalDomain(domain: string | null | undefined): string {
  return domain === 'ai.onnx' || !domain ? '' : domain;
}
