/** The graph under construction. */
import { SystoleError } from '../../base/error.js';
import type { GraphNode, Shape } from '../graph.js';
import type { HostStep } from '../host-step.js';
import { LIMITS } from '../onnx/limits.js';
import type { OnnxNode } from '../onnx/model.js';
import type { ImportCall } from '../operators/operator.js';
import type { PinnedInput } from './input-layout.js';
import { naturalAtoms } from './layout.js';
import { refusal } from './refuse.js';
import { elementsOf, type HostValue, type MapTensor, type MapValue, shapeOf } from './value.js';

export interface ImportState {
  readonly nodes: GraphNode[];
  readonly tensors: Map<string, MapTensor>;
  readonly host: HostStep[];
  /** Why the array does not compute what the host computes instead. */
  readonly leftToHost: SystoleError[];
  /** Values of the array that the host reads, as it reads them. */
  readonly hostViews: Map<MapValue, HostValue>;
  /**
   * While the layout of the model's input is looked for: the input as a vector in the model's own order, and whom to
   * tell when an operator says which of its axes are channels, rows and columns.
   */
  readonly probe: InputProbe | null;
  /** Images that the model is fixed to, of which one is left: a Reshape may still name them. */
  readonly batch: number;
  /** Of computed constants so far. */
  foldedBytes: number;
  /** Of the weights of all nodes so far, those that several share once for each. */
  weightBytes: number;
  /** Ones and zeros by number of channels: what most affine nodes have for scale or shift. */
  readonly fills: Map<string, Float32Array>;
  /** Maps made of others whose order was no map's, by what was moved. */
  readonly relaid: Map<string, MapTensor>;
  /** Names of nodes and tensors that are taken: the model's, and those made up for further ones. */
  readonly names: Set<string>;
  /** Tensors that something only the array does is computed from. */
  readonly followed: Set<string>;
}

export interface InputProbe {
  readonly input: MapTensor;
  /** Of the model's input. */
  readonly shape: Shape;
  readonly found: (layout: PinnedInput) => never;
}

export function newState(
  probe: InputProbe | null,
  batch: number,
  names: ReadonlySet<string> = new Set(),
  followed: ReadonlySet<string> = new Set(),
): ImportState {
  return {
    nodes: [],
    tensors: new Map(),
    host: [],
    leftToHost: [],
    hostViews: new Map(),
    probe,
    batch,
    foldedBytes: 0,
    weightBytes: 0,
    fills: new Map(),
    relaid: new Map(),
    names: new Set(names),
    followed: new Set(followed),
  };
}

export function isProbed(state: ImportState, tensor: MapTensor): boolean {
  return state.probe?.input === tensor;
}

/** A tensor of the graph, made by `node`. @throws SystoleError onnx-too-large */
export function newTensor(state: ImportState, node: OnnxNode, size: Omit<MapTensor, 'name' | 'padding'>): MapTensor {
  const { channels, height, width, vector } = size;
  const tensor: MapTensor = { name: node.outputs[0]!, channels, height, width, vector };
  const elements = elementsOf(shapeOf(tensor));
  if (elements > LIMITS.elements) {
    throw refusal('onnx-too-large', node, 'a tensor has more values than are allowed', {
      expected: `at most ${LIMITS.elements}`,
      actual: shapeOf(tensor).join('x'),
    });
  }
  state.tensors.set(tensor.name, tensor);
  return tensor;
}

/** A name of no node and no tensor, taken from now on. */
export function unusedName(state: ImportState, wanted: string): string {
  let free = wanted;
  while (state.names.has(free)) free += "'";
  state.names.add(free);
  return free;
}

/**
 * The call for one of several nodes that are made of one ONNX node. The first keeps the node's name and makes an
 * intermediate tensor, the last makes the node's output under a name of its own; between them both are made up.
 */
export function partOf(call: ImportCall, suffix: string, makes: 'intermediate' | 'between' | 'output'): ImportCall {
  const { node, state } = call;
  const name = (wanted: string): string => unusedName(state, wanted);
  const source = call.source ?? node.name;
  const own = makes === 'intermediate' ? node.name : name(`${node.name}.${suffix}`);
  const outputs = makes === 'output' ? node.outputs : [name(`${node.outputs[0]!}.${suffix}`)];
  if (isFollowed(call)) state.followed.add(outputs[0]!);
  return { ...call, node: { ...node, name: own, outputs }, source };
}

/** Whether something that only the array does is computed from what the call makes; while the input's layout is looked for, all is taken for it. */
export function isFollowed({ node, state }: ImportCall): boolean {
  return state.probe !== null || state.followed.has(node.outputs[0]!);
}

/** The tensor as ONNX sees it when its order is NCHW and its shape the same, or `shape` with ones left out. */
export function naturalValue(tensor: MapTensor, shape: readonly number[] = shapeOf(tensor)): MapValue {
  return { kind: 'map', shape, tensor, atoms: naturalAtoms(tensor) };
}

/** Counts the bytes of computed constants. @throws SystoleError onnx-too-large */
export function reserve(state: ImportState, bytes: number, where: string): void {
  state.foldedBytes += bytes;
  if (state.foldedBytes <= LIMITS.foldedBytes) return;
  throw new SystoleError('onnx-too-large', 'the constants that the graph computes are too large', {
    where,
    expected: `at most ${LIMITS.foldedBytes} bytes`,
    actual: `${state.foldedBytes}`,
  });
}

/** A channel's value for each of them: the same array for the same question. */
export function filled(state: ImportState, channels: number, value: 0 | 1): Float32Array {
  const key = `${channels}:${value}`;
  let data = state.fills.get(key);
  if (data === undefined) {
    data = new Float32Array(channels).fill(value);
    state.fills.set(key, data);
  }
  return data;
}

/** @throws SystoleError onnx-too-large where the nodes' weights, each counted by itself, are more than memory should hold */
export function countWeights(state: ImportState, node: OnnxNode, weights: Float32Array): void {
  state.weightBytes += weights.byteLength;
  if (state.weightBytes <= LIMITS.weightBytes) return;
  throw refusal('onnx-too-large', node, 'the weights of all layers together are too large', {
    expected: `at most ${LIMITS.weightBytes} bytes`,
    actual: `${state.weightBytes}`,
  });
}
