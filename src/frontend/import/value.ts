/** What a name of the ONNX graph stands for while it is imported. */
import type { Shape, UniformQuantizer } from '../graph.js';
import type { OnnxNode, OnnxTensor } from '../onnx/model.js';
import type { PlacedWindow } from './emit.js';
import type { Atom, MapSize } from './layout.js';

/** A tensor of the graph: NCHW with N = 1. */
export interface MapTensor extends MapSize {
  readonly name: string;
  /** [1, C] instead of [1, C, 1, 1]. */
  readonly vector: boolean;
  /** Zeros around another tensor that are not made yet: windows that pad with zeros take them, for all else they are made. */
  readonly padding?: Padding;
}

export interface Padding {
  readonly tensor: MapTensor;
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
  /** The Pad, whose output has the padded tensor's name. */
  readonly node: OnnxNode;
}

/** A tensor of the graph under an ONNX shape, its values in the order of the atoms. */
export interface MapValue {
  readonly kind: 'map';
  readonly shape: Shape;
  readonly tensor: MapTensor;
  readonly atoms: readonly Atom[];
  /** Present: ONNX sees the codes of this quantizer, whose values the tensor holds. */
  readonly grid?: Grid;
}

export interface Grid {
  readonly quantizer: UniformQuantizer;
  /** TensorProto.DataType of the codes. */
  readonly elementType: number;
  /** No quantizer has made the codes: they are the model's own input. */
  readonly unmade?: true;
}

export interface ConstantValue {
  readonly kind: 'constant';
  readonly name: string;
  readonly tensor: OnnxTensor;
}

/** What the host makes: a step's output, or a tensor of the graph as it leaves the array. */
export interface HostValue {
  readonly kind: 'host';
  readonly shape: Shape;
  readonly name: string;
  readonly grid?: Grid;
}

/** Windows of a map, each in a row [kh][kw][C]: Im2Col, of which only products with a matrix are made. */
export interface PatchesValue {
  readonly kind: 'patches';
  /** [1, oh, ow, kh*kw*C] */
  readonly shape: Shape;
  readonly tensor: MapTensor;
  readonly placed: PlacedWindow;
}

/** Made by a node that could not be imported: whoever uses it is passed over, the obstacle is known already. */
export interface UnknownValue {
  readonly kind: 'unknown';
}

export type Value = MapValue | ConstantValue | HostValue | PatchesValue | UnknownValue;

export const UNKNOWN: UnknownValue = { kind: 'unknown' };

export function shapeOf(tensor: MapTensor): Shape {
  return tensor.vector ? [1, tensor.channels] : [1, tensor.channels, tensor.height, tensor.width];
}

export function elementsOf(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}
