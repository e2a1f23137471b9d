/** Pre-flight: what a model holds, what the array would do, what the host, and every obstacle. */
import { SystoleError } from '../base/error.js';
import { type Dialect, dialectOf } from './dialect.js';
import type { GraphNode } from './graph.js';
import { type HostWork, hostWork } from './host-work.js';
import { type Imported, importModel } from './import/import-model.js';
import { elementsOf, shapeOf } from './import/value.js';
import { canonicalGraph, type ImportOptions } from './import-onnx.js';
import { macsOf } from './macs.js';
import { decodeModel } from './onnx/decode.js';
import type { OnnxModel, OnnxNode, OnnxValueInfo } from './onnx/model.js';
import { elementTypeName } from './onnx/tensor.js';
import { findOperator } from './operators/table.js';

export interface InspectedTensor {
  readonly name: string;
  readonly type: string;
  /** A name for a dimension that is not fixed; null where the model gives no shape. */
  readonly shape: readonly (number | string)[] | null;
}

export interface InspectedOperator {
  /** With its domain, where that is not ONNX's own. */
  readonly name: string;
  readonly count: number;
  /** It is in the operator table, if with limits. */
  readonly known: boolean;
}

export interface InspectedLayer {
  readonly node: string;
  readonly operator: string;
  readonly output: readonly number[];
  readonly macs: number;
  readonly weights: number;
}

export interface Obstacle {
  readonly code: string;
  readonly message: string;
  readonly where: string | null;
  readonly expected: string | null;
  readonly actual: string | null;
  /** The rewrite. */
  readonly hint: string | null;
}

export interface Inspection {
  readonly name: string;
  readonly producer: string;
  readonly irVersion: number;
  readonly dialect: Dialect;
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly InspectedTensor[];
  readonly outputs: readonly InspectedTensor[];
  /** By name. */
  readonly operators: readonly InspectedOperator[];
  /** Conv, Gemm, MatMul that could be imported, in the order of the graph. */
  readonly layers: readonly InspectedLayer[];
  /** Sums over the layers. */
  readonly macs: number;
  readonly weights: number;
  /** Values of all constants of the file. */
  readonly parameters: number;
  readonly obstacles: readonly Obstacle[];
  /** What the host does after the array. */
  readonly host: readonly HostWork[];
  /** Tensors that leave the array, where nothing is in the way. */
  readonly leaving: readonly { readonly name: string; readonly values: number }[];
  readonly supported: boolean;
}

/** @throws SystoleError for a file that is no model, is damaged, or keeps its weights elsewhere; never for an unsupported one */
export function inspectOnnx(bytes: Uint8Array, options: ImportOptions = {}): Inspection {
  const model = decodeModel(bytes);
  const imported = importModel(model, options.inputShape);
  const obstacles = [...imported.obstacles, ...foldingFaults(imported)];
  const layers = layersOf(model, imported);
  const sum = (of: (layer: InspectedLayer) => number): number => layers.reduce((total, layer) => total + of(layer), 0);
  return {
    name: model.name,
    producer: model.producer,
    irVersion: model.irVersion,
    dialect: dialectOf(model),
    opsets: Object.fromEntries([...model.opsets].map(([domain, version]) => [domain || 'ai.onnx', version])),
    inputs: model.inputs.map((input) => inspected(input, imported.inputShapes.get(input.name) ?? null)),
    outputs: model.outputs.map((output) => {
      const made = imported.outputs.find(({ name }) => name === output.name);
      return inspected(output, made?.shape ?? null, made?.type);
    }),
    operators: countOperators(model.nodes),
    layers,
    macs: sum((layer) => layer.macs),
    weights: sum((layer) => layer.weights),
    parameters: [...model.initializers.values()].reduce((total, tensor) => total + elementsOf(tensor.shape), 0),
    obstacles: obstacles.map(describe),
    host: hostWork(imported.graph?.outputs ?? [], imported.graph?.host ?? []),
    leaving: (imported.graph?.outputs ?? []).map(({ name, shape }) => ({ name, values: elementsOf(shape) })),
    supported: obstacles.length === 0,
  };
}

/** What only the passes can find: weights that are no longer finite when a batch norm is in them. */
function foldingFaults({ graph }: Imported): SystoleError[] {
  if (graph === null) return [];
  try {
    canonicalGraph(graph);
    return [];
  } catch (error) {
    if (error instanceof SystoleError && error.code !== 'graph-invalid') return [error];
    throw error;
  }
}

/** @param made the type that importing finds; the file need not say that of an output */
function inspected(info: OnnxValueInfo, shape: readonly number[] | null, made?: string): InspectedTensor {
  const { name, elementType } = info;
  const type = elementType === 0 ? (made ?? 'unknown') : elementTypeName(elementType);
  return { name, type, shape: shape ?? info.shape };
}

function countOperators(nodes: readonly OnnxNode[]): InspectedOperator[] {
  const found = new Map<string, { count: number; known: boolean }>();
  for (const { domain, operator } of nodes) {
    const name = domain === '' ? operator : `${domain}.${operator}`;
    const entry = found.get(name) ?? { count: 0, known: findOperator(domain, operator) !== undefined };
    found.set(name, { ...entry, count: entry.count + 1 });
  }
  return [...found].map(([name, entry]) => ({ name, ...entry })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function layersOf(model: OnnxModel, imported: Imported): InspectedLayer[] {
  const operators = new Map(model.nodes.map((node) => [node.name, node.operator]));
  const isLayer = (node: GraphNode) => node.kind === 'conv' || node.kind === 'dense';
  return imported.state.nodes.filter(isLayer).map((node) => {
    const output = { shape: shapeOf(imported.state.tensors.get(node.output)!) };
    return {
      node: node.name,
      operator: operators.get(node.name) ?? node.kind,
      output: output.shape,
      macs: macsOf(node, output),
      weights: node.weights.data.length,
    };
  });
}

function describe(error: SystoleError): Obstacle {
  return {
    code: error.code,
    message: error.message,
    where: error.where ?? null,
    expected: error.expected ?? null,
    actual: error.actual ?? null,
    hint: error.hint ?? null,
  };
}
