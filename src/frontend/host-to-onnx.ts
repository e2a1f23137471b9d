/** The host's steps as ONNX operators. Every value is float32: indices are cast, as the host has them. */
import type { Shape } from './graph.js';
import type { BinaryFunction, HostOp, HostStep, HostTensor, ReduceFunction, UnaryFunction } from './host-step.js';
import { FLOAT, INT64, int, ints, type OnnxSink } from './onnx-sink.js';
import { writeQuantizer } from './write-quantizer.js';

const UNARY: Readonly<Record<Exclude<UnaryFunction, 'trunc'>, string>> = {
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  neg: 'Neg',
  abs: 'Abs',
  floor: 'Floor',
  ceil: 'Ceil',
  round: 'Round',
  relu: 'Relu',
  reciprocal: 'Reciprocal',
};

const BINARY: Readonly<Record<BinaryFunction, string>> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  pow: 'Pow',
  min: 'Min',
  max: 'Max',
};

const REDUCE: Readonly<Record<ReduceFunction, string>> = {
  sum: 'ReduceSum',
  mean: 'ReduceMean',
  max: 'ReduceMax',
  min: 'ReduceMin',
};

/** @param shapeOf of a value that is there */
export function writeHostStep(sink: OnnxSink, step: HostStep, shapeOf: (name: string) => Shape): void {
  const [made] = step.outputs as readonly [HostTensor, ...HostTensor[]];
  const inputs = step.inputs.map((input) =>
    typeof input === 'string' ? input : sink.floats(`${made.name}.constant`, input.constant.shape, input.constant.data),
  );
  const [first] = step.inputs;
  const shape = typeof first === 'string' ? shapeOf(first) : (first?.constant.shape ?? []);
  writeOp(sink, step.op, inputs, shape, step.outputs);
}

function writeOp(
  sink: OnnxSink,
  op: HostOp,
  inputs: readonly string[],
  shape: Shape,
  outputs: readonly HostTensor[],
): void {
  const { name: to, shape: made } = outputs[0]!;
  const from = inputs[0]!;
  const axes = (what: string, values: readonly number[]): string => sink.integers(`${to}.${what}`, values);
  const keepdims = int('keepdims', made.length === shape.length ? 1 : 0);
  switch (op.kind) {
    case 'softmax':
    case 'logsoftmax':
      sink.emit(op.kind === 'softmax' ? 'Softmax' : 'LogSoftmax', [from], to, [int('axis', op.axis)]);
      return;
    case 'argmax':
    case 'argmin': {
      const operator = op.kind === 'argmax' ? 'ArgMax' : 'ArgMin';
      toFloat(sink, sink.apply(operator, [from], `${to}.index`, [int('axis', op.axis), keepdims]), to);
      return;
    }
    case 'topk':
      writeTopK(sink, op, from, outputs);
      return;
    case 'reshape':
      sink.emit('Reshape', [from, axes('shape', made)], to);
      return;
    case 'transpose':
      sink.emit('Transpose', [from], to, [ints('perm', op.permutation)]);
      return;
    case 'unary':
      if (op.fn === 'trunc') toFloat(sink, sink.apply('Cast', [from], `${to}.whole`, [int('to', INT64)]), to);
      else sink.emit(UNARY[op.fn], [from], to);
      return;
    case 'clip': {
      const bound = (x: number | null, otherwise: number): string => sink.scalar(`${to}.bound`, x ?? otherwise);
      const limits = [bound(op.min, Number.NEGATIVE_INFINITY), bound(op.max, Number.POSITIVE_INFINITY)];
      sink.emit('Clip', [from, ...limits], to);
      return;
    }
    case 'binary':
      sink.emit(BINARY[op.fn], inputs, to);
      return;
    case 'concat':
      sink.emit('Concat', inputs, to, [int('axis', op.axis)]);
      return;
    case 'slice': {
      const ends = op.starts.map((start, axis) => endOf(start, made[axis]!, op.steps[axis]!));
      const all = shape.map((_, axis) => axis);
      const parts = [axes('starts', op.starts), axes('ends', ends), axes('axes', all), axes('steps', op.steps)];
      sink.emit('Slice', [from, ...parts], to);
      return;
    }
    case 'gather': {
      const flat = sink.apply('Gather', [from, axes('indices', op.indices)], `${to}.flat`, [int('axis', op.axis)]);
      sink.emit('Reshape', [flat, axes('shape', made)], to);
      return;
    }
    case 'reduce':
      // Of the four only ReduceSum takes its axes as an input in this operator set.
      if (op.fn === 'sum') sink.emit(REDUCE.sum, [from, axes('axes', op.axes)], to, [keepdims]);
      else sink.emit(REDUCE[op.fn], [from], to, [ints('axes', op.axes), keepdims]);
      return;
    case 'quantize':
      writeQuantizer(sink, op.quantizer, from, to, 2);
      return;
    case 'nms':
      writeNms(sink, op, inputs, outputs[0]!);
      return;
  }
}

/** Where a slice ends: before the first element that it leaves out, beyond every axis where it runs off the front. */
function endOf(start: number, count: number, step: number): number {
  const end = start + (count - 1) * step + Math.sign(step);
  return end < 0 ? -(2 ** 31) : end;
}

function toFloat(sink: OnnxSink, from: string, to: string): void {
  sink.emit('Cast', [from], to, [int('to', FLOAT)]);
}

function writeTopK(
  sink: OnnxSink,
  op: Extract<HostOp, { readonly kind: 'topk' }>,
  from: string,
  [values, indices]: readonly HostTensor[],
): void {
  const to = values!.name;
  const found = sink.unused(`${to}.index`);
  const attribute = [int('axis', op.axis), int('largest', op.largest ? 1 : 0), int('sorted', 1)];
  const count = sink.integers(`${to}.count`, [op.count]);
  sink.nodes.push({ opType: 'TopK', name: to, input: [from, count], output: [to, found], attribute });
  toFloat(sink, found, indices!.name);
}

/** ONNX gives as many rows as it finds; the host fills the rest of its rows with -1. */
function writeNms(
  sink: OnnxSink,
  op: Extract<HostOp, { readonly kind: 'nms' }>,
  inputs: readonly string[],
  { name: to, shape }: HostTensor,
): void {
  const limits = [
    sink.integers(`${to}.perclass`, [op.perClass]),
    sink.floats(`${to}.iou`, [1], Float32Array.of(op.iou)),
    sink.floats(`${to}.score`, [1], Float32Array.of(op.score)),
  ];
  const centre = int('center_point_box', op.centre ? 1 : 0);
  const found = sink.apply('NonMaxSuppression', [...inputs, ...limits], `${to}.found`, [centre]);
  const rows = sink.apply('Cast', [found], `${to}.rows`, [int('to', FLOAT)]);
  const size = sink.apply('Shape', [rows], `${to}.size`);
  const missing = sink.apply('Sub', [sink.integers(`${to}.full`, shape), size], `${to}.missing`);
  const pads = sink.apply('Concat', [sink.integers(`${to}.front`, [0, 0]), missing], `${to}.pads`, [int('axis', 0)]);
  sink.emit('Pad', [rows, pads, sink.scalar(`${to}.unused`, -1)], to);
}
