/** A decoded ONNX model in plain values: no protobuf class, no 64-bit object, nothing undefined. */
export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  readonly name: string;
  /** Version by domain; '' is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  /** TensorProto.DataType of all of them. */
  readonly constantTypes: ReadonlySet<number>;
  /** Without those that are initializers too: they are constants. */
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

export interface OnnxNode {
  /** The node's name, its first output's where it has none, made unique. */
  readonly name: string;
  readonly operator: string;
  readonly domain: string;
  /** '' for an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

export type AttributeValue =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensor'; readonly value: OnnxTensor }
  | { readonly type: 'other'; readonly value: null };
export type AttributeType = AttributeValue['type'];

/**
 * float: any of ONNX's floating-point types, as float32; int: any integer type or bool, as doubles (exact to 2^53);
 * other: a constant that is not read, strings say. It is no fault of the file, but nothing can use it.
 */
export type OnnxTensor =
  | {
      readonly type: 'float';
      readonly shape: readonly number[];
      readonly data: Float32Array;
      /** Where the values were made from integers. */
      readonly codes?: ValueCodes;
    }
  | {
      readonly type: 'int';
      readonly shape: readonly number[];
      readonly data: Float64Array;
      /** TensorProto.DataType, where the file or an operator says it. */
      readonly elementType?: number;
      /** What a Clip has left of the type's range. */
      readonly range?: readonly [number, number];
    }
  | { readonly type: 'other'; readonly shape: readonly number[]; readonly what: string };

/** values = scale * codes, in the order of the values. */
export interface ValueCodes {
  readonly values: Int16Array;
  /** One for each value, or one for all. */
  readonly scale: Float32Array;
  /** Two's complement holds every code that the type allows; 1 for bipolar ones. */
  readonly bits: number;
  readonly bipolar: boolean;
}

export interface OnnxValueInfo {
  readonly name: string;
  /** TensorProto.DataType; 0 where absent. */
  readonly elementType: number;
  /** A number, or the name of a symbol ('' for one without a name); null where the model gives no shape. */
  readonly shape: readonly (number | string)[] | null;
}
