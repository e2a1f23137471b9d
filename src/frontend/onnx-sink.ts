/** An ONNX graph under construction: nodes, constants, and names that are free. */
import type proto from 'onnx-proto';
import type { Shape } from './graph.js';

export type Attribute = proto.onnx.IAttributeProto;

/** TensorProto.DataType */
export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;
/** AttributeProto.AttributeType */
const FLOAT_ATTRIBUTE = 1;
const INT_ATTRIBUTE = 2;
const INTS_ATTRIBUTE = 7;

export class OnnxSink {
  readonly nodes: proto.onnx.INodeProto[] = [];
  readonly initializers: proto.onnx.ITensorProto[] = [];
  private readonly taken: Set<string>;

  /** @param taken names that the graph has already */
  constructor(taken: Iterable<string>) {
    this.taken = new Set(taken);
  }

  emit(opType: string, inputs: readonly string[], output: string, attribute: readonly Attribute[] = []): void {
    this.nodes.push({ opType, name: output, input: [...inputs], output: [output], attribute: [...attribute] });
  }

  /** The output's name is a free one like `wanted`. */
  apply(opType: string, inputs: readonly string[], wanted: string, attribute: readonly Attribute[] = []): string {
    const output = this.unused(wanted);
    this.emit(opType, inputs, output, attribute);
    return output;
  }

  /** A constant of its own. */
  floats(wanted: string, shape: Shape, data: Float32Array): string {
    return this.constant(wanted, { dims: [...shape], dataType: FLOAT, rawData: bytesOf(data) });
  }

  scalar(wanted: string, value: number): string {
    return this.floats(wanted, [], Float32Array.of(value));
  }

  /** A vector of int64. */
  integers(wanted: string, values: readonly number[]): string {
    const rawData = bytesOf(BigInt64Array.from(values, BigInt));
    return this.constant(wanted, { dims: [values.length], dataType: INT64, rawData });
  }

  /** A vector of int32. */
  indices(wanted: string, data: Int32Array): string {
    return this.constant(wanted, { dims: [data.length], dataType: INT32, rawData: bytesOf(data) });
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

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

export function float(name: string, value: number): Attribute {
  return { name, type: FLOAT_ATTRIBUTE, f: value };
}

export function int(name: string, value: number): Attribute {
  return { name, type: INT_ATTRIBUTE, i: value };
}

export function ints(name: string, values: readonly number[]): Attribute {
  return { name, type: INTS_ATTRIBUTE, ints: [...values] };
}

export function valueInfo(name: string, shape: Shape, elemType: number): proto.onnx.IValueInfoProto {
  return { name, type: { tensorType: { elemType, shape: { dim: shape.map((n) => ({ dimValue: n })) } } } };
}
