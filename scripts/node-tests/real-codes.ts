/**
 * Tests on integer codes: Systole's tensors at the edge are real values in float32, so that the codes enter through a
 * QuantizeLinear and leave through a DequantizeLinear of the operator's own scale and zero point (1 and 0 where it has none).
 */
import type proto from 'onnx-proto';
import { decodeTensor } from '../../src/frontend/onnx/tensor.js';

type Graph = proto.onnx.IGraphProto;
type Tensor = proto.onnx.ITensorProto;

/** TensorProto.DataType */
const FLOAT = 1;
const INT32 = 6;
const INTEGER_TYPES = [2, 3, 4, 5, 21, 22, 25, 26];

export interface Grid {
  readonly scale: Tensor;
  readonly zero: Tensor;
  readonly axis: number | null;
}

/** Indices of scale and zero point among an operator's inputs: of its first data input and of its output. */
const PLACES: Readonly<Record<string, { readonly input?: readonly number[]; readonly output?: readonly number[] }>> = {
  QuantizeLinear: { output: [1, 2] },
  DequantizeLinear: { input: [1, 2] },
  QLinearConv: { input: [1, 2], output: [6, 7] },
  QLinearMatMul: { input: [1, 2], output: [6, 7] },
  ConvInteger: { input: [-1, 2] },
  MatMulInteger: { input: [-1, 2] },
};

export function isCodes(elementType: number): boolean {
  return INTEGER_TYPES.includes(elementType);
}

/** The grid of the graph's first data input, or of its output: the constants are initializers already. */
export function gridOf(graph: Graph, side: 'input' | 'output', elementType: number): Grid {
  const node = graph.node![0]!;
  const place = PLACES[node.opType ?? '']?.[side] ?? [];
  const constant = (index: number | undefined): Tensor | undefined => {
    const name = index === undefined || index < 0 ? '' : (node.input?.[index] ?? '');
    return name === '' ? undefined : graph.initializer?.find((tensor) => tensor.name === name);
  };
  const scale = constant(place[0]) ?? { dims: [], dataType: FLOAT, floatData: [1] };
  const zero = constant(place[1]) ?? {
    dims: scale.dims ?? [],
    dataType: elementType,
    rawData: zeros(decodeTensor(scale, 'scale').shape, elementType),
  };
  const axis = node.attribute?.find((attribute) => attribute.name === 'axis');
  const perChannel = decodeTensor(scale, 'scale').shape.reduce((a, b) => a * b, 1) > 1;
  return { scale, zero, axis: perChannel ? Number(axis?.i ?? 1) : null };
}

function zeros(shape: readonly number[], elementType: number): Uint8Array {
  const elements = shape.reduce((a, b) => a * b, 1);
  const bits = { 2: 8, 3: 8, 4: 16, 5: 16, 21: 4, 22: 4, 25: 2, 26: 2 }[elementType] ?? 8;
  return new Uint8Array(Math.ceil((elements * bits) / 8));
}

/** Codes as real values: scale * (code - zero), in float32. `null` where a type is not read. */
export function realValues(codes: Tensor, { scale, zero, axis }: Grid): Float32Array | null {
  const [x, s, z] = [codes, scale, zero].map((tensor) => decodeTensor(tensor, 'a constant')) as [
    ReturnType<typeof decodeTensor>,
    ReturnType<typeof decodeTensor>,
    ReturnType<typeof decodeTensor>,
  ];
  if (x.type === 'other' || s.type === 'other' || z.type === 'other') return null;
  const inner = axis === null ? 1 : x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const channels = axis === null ? 1 : x.shape.at(axis)!;
  return Float32Array.from(x.data, (code, i) => {
    const c = Math.floor(i / inner) % channels;
    return s.data[s.data.length === 1 ? 0 : c]! * (code - z.data[z.data.length === 1 ? 0 : c]!);
  });
}

/** `from` through an operator of the grid's scale and zero point to `to`. */
function gridNode(graph: Graph, opType: string, grid: Grid, from: string, to: string): proto.onnx.INodeProto {
  const names = (
    [
      ['scale', grid.scale],
      ['zero', grid.zero],
    ] as const
  ).map(([what, tensor]) => {
    const name = `${to}.${what}`;
    graph.initializer!.push({ ...tensor, name });
    return name;
  });
  const attribute = grid.axis === null ? [] : [{ name: 'axis', type: 2, i: grid.axis }];
  return { opType, name: `${opType} of ${to}`, input: [from, ...names], output: [to], attribute };
}

/** The input `name` becomes float32; its codes are made in front of the nodes. */
export function enterAsReal(graph: Graph, name: string, grid: Grid): void {
  const info = graph.input!.find((input) => input.name === name)!;
  info.name = `${name}.real`;
  info.type!.tensorType!.elemType = FLOAT;
  graph.node!.unshift(gridNode(graph, 'QuantizeLinear', grid, info.name, name));
}

/** The output `name` becomes float32. */
export function leaveAsReal(graph: Graph, name: string, grid: Grid | null): void {
  const info = graph.output!.find((output) => output.name === name)!;
  const isSum = info.type!.tensorType!.elemType === INT32;
  info.name = `${name}.real`;
  info.type!.tensorType!.elemType = FLOAT;
  const cast = { opType: 'Cast', input: [name], output: [info.name], attribute: [{ name: 'to', type: 2, i: FLOAT }] };
  graph.node!.push(isSum || grid === null ? cast : gridNode(graph, 'DequantizeLinear', grid, name, info.name));
}
