/** Writes small ONNX files: a test says what matters, names, types and versions have defaults. */
import proto from 'onnx-proto';
import { type RandomSource, randomSource } from '../../src/base/random.js';

export interface BuiltTensor {
  readonly type: 'float' | 'int' | 'raw';
  readonly shape: readonly number[];
  readonly proto: proto.onnx.ITensorProto;
}

/** number: int where it is one, else float; use `float(1)` for a float attribute that is whole. */
export type BuiltAttribute = number | string | readonly number[] | BuiltTensor | FloatAttribute;
interface FloatAttribute {
  readonly float: number;
}

export interface BuiltNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, BuiltAttribute>>;
  readonly name: string;
  readonly domain: string;
}

export interface BuiltInput {
  readonly name: string;
  /** A string is a symbol, '' a dimension without any; null: no shape at all. */
  readonly shape: readonly (number | string)[] | null;
  readonly elementType?: number;
}

export interface ModelRecipe {
  readonly nodes: readonly BuiltNode[];
  /** Defaults to one input `x`. */
  readonly inputs?: readonly BuiltInput[];
  /** Shape of the one input `x` where `inputs` is absent. */
  readonly shape?: readonly (number | string)[] | null;
  /** Defaults to the last node's first output. */
  readonly outputs?: readonly string[];
  readonly initializers?: Readonly<Record<string, BuiltTensor>>;
  readonly opset?: number;
  /** Besides ONNX's own. */
  readonly domains?: Readonly<Record<string, number>>;
  readonly irVersion?: number;
}

/** TensorProto.DataType */
export const TYPES = {
  ...{
    float: 1,
    uint8: 2,
    int8: 3,
    uint16: 4,
    int16: 5,
    int32: 6,
    int64: 7,
    string: 8,
    bool: 9,
    half: 10,
    double: 11,
    bfloat16: 16,
  },
  ...{ uint4: 21, int4: 22, uint2: 25, int2: 26 },
};
export type CodeType = 'uint8' | 'int8' | 'uint16' | 'int16' | 'int32' | 'uint4' | 'int4' | 'uint2' | 'int2';
/** AttributeProto.AttributeType */
const KINDS = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 };
const TEXT = new TextEncoder();

export function buildOnnx(recipe: ModelRecipe): Uint8Array {
  return encodeModel(modelProto(recipe));
}

/** For what a builder would not write: change the message, then encode it. */
export function modelProto(recipe: ModelRecipe): proto.onnx.IModelProto {
  const shape = recipe.shape === undefined ? [1, 3, 8, 8] : recipe.shape;
  const inputs = recipe.inputs ?? [{ name: 'x', shape }];
  const outputs = recipe.outputs ?? recipe.nodes.at(-1)?.outputs.slice(0, 1) ?? [];
  return {
    irVersion: recipe.irVersion ?? 8,
    producerName: 'test',
    opsetImport: [
      { domain: '', version: recipe.opset ?? 13 },
      ...Object.entries(recipe.domains ?? {}).map(([domain, version]) => ({ domain, version })),
    ],
    graph: {
      name: 'test',
      node: recipe.nodes.map(nodeProto),
      initializer: Object.entries(recipe.initializers ?? {}).map(([name, t]) => ({ ...t.proto, name })),
      input: inputs.map(valueInfo),
      output: outputs.map((name) => ({ name })),
    },
  };
}

export function encodeModel(model: proto.onnx.IModelProto): Uint8Array {
  return proto.onnx.ModelProto.encode(proto.onnx.ModelProto.create(model)).finish();
}

/** `node('Relu', 'x', 'y')`; several names in one string are parted by blanks, `_` leaves an optional input out. */
export function node(
  operator: string,
  inputs: string,
  outputs: string,
  attributes: Readonly<Record<string, BuiltAttribute>> = {},
  more: { readonly name?: string; readonly domain?: string } = {},
): BuiltNode {
  const names = (text: string): string[] =>
    text
      .split(' ')
      .filter(Boolean)
      .map((name) => (name === '_' ? '' : name));
  return {
    operator,
    inputs: names(inputs),
    outputs: names(outputs),
    attributes,
    name: more.name ?? '',
    domain: more.domain ?? '',
  };
}

export function float(value: number): FloatAttribute {
  return { float: value };
}

export function floats(shape: readonly number[], data: ArrayLike<number>): BuiltTensor {
  const values = Float32Array.from(data);
  const rawData = new Uint8Array(values.buffer);
  return { type: 'float', shape, proto: { dims: [...shape], dataType: TYPES.float, rawData } };
}

/** int64 */
export function ints(shape: readonly number[], data: readonly number[]): BuiltTensor {
  const rawData = new Uint8Array(BigInt64Array.from(data, BigInt).buffer);
  return { type: 'int', shape, proto: { dims: [...shape], dataType: TYPES.int64, rawData } };
}

/** Integers of any type that codes have. */
export function codes(type: CodeType, shape: readonly number[], data: readonly number[]): BuiltTensor {
  return { type: 'int', shape, proto: { dims: [...shape], dataType: TYPES[type], rawData: codeBytes(type, data) } };
}

function codeBytes(type: CodeType, data: readonly number[]): Uint8Array {
  const bits = Number(/\d+/.exec(type)![0]);
  const bytes = new Uint8Array(Math.ceil((data.length * bits) / 8));
  const view = new DataView(bytes.buffer);
  for (const [i, code] of data.entries()) {
    if (bits === 32) view.setInt32(4 * i, code, true);
    else if (bits === 16) view.setUint16(2 * i, code, true);
    else bytes[Math.floor((i * bits) / 8)]! |= (code & (2 ** bits - 1)) << ((i * bits) % 8);
  }
  return bytes;
}

/** Random integers from low to high, the same for the same seed. */
export function randomCodes(
  type: CodeType,
  shape: readonly number[],
  seed: number,
  [low, high]: readonly [number, number],
): BuiltTensor {
  const random = randomSource(seed);
  const count = shape.reduce((a, b) => a * b, 1);
  const data = Array.from({ length: count }, () => low + Math.floor((high - low + 1) * random.uniform()));
  return codes(type, shape, data);
}

/** A tensor message as it stands. */
export function rawTensor(tensor: proto.onnx.ITensorProto): BuiltTensor {
  return { type: 'raw', shape: (tensor.dims ?? []).map(Number), proto: tensor };
}

/** Random floats in -1..1, the same for the same seed. */
export function randomFloats(shape: readonly number[], seed: number): BuiltTensor {
  return floats(
    shape,
    randomValues(
      shape.reduce((a, b) => a * b, 1),
      randomSource(seed),
    ),
  );
}

/** Random floats in low..high. */
export function randomValues(count: number, random: RandomSource, low = -1, high = 1): Float32Array {
  return Float32Array.from({ length: count }, () => low + (high - low) * random.uniform());
}

function nodeProto(built: BuiltNode): proto.onnx.INodeProto {
  return {
    opType: built.operator,
    name: built.name,
    domain: built.domain,
    input: [...built.inputs],
    output: [...built.outputs],
    attribute: Object.entries(built.attributes).map(([name, value]) => ({ name, ...attributeProto(value) })),
  };
}

function attributeProto(value: BuiltAttribute): proto.onnx.IAttributeProto {
  if (typeof value === 'string') return { type: KINDS.string, s: TEXT.encode(value) };
  if (typeof value === 'number') {
    return Number.isInteger(value) ? { type: KINDS.int, i: value } : { type: KINDS.float, f: value };
  }
  if ('float' in value) return { type: KINDS.float, f: value.float };
  if ('proto' in value) return { type: KINDS.tensor, t: value.proto };
  if (value.every(Number.isInteger)) return { type: KINDS.ints, ints: [...value] };
  return { type: KINDS.floats, floats: [...value] };
}

function valueInfo(input: BuiltInput): proto.onnx.IValueInfoProto {
  const dim = input.shape?.map((n) => (typeof n === 'number' ? { dimValue: n } : n === '' ? {} : { dimParam: n }));
  return {
    name: input.name,
    type: { tensorType: { elemType: input.elementType ?? TYPES.float, ...(dim ? { shape: { dim } } : {}) } },
  };
}
