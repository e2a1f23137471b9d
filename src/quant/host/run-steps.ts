/** The host's steps, one after the other, in float32, operation by operation: the C driver does the same in the same order. */
import type { Constant, Shape } from '../../frontend/graph.js';
import type { HostOp, HostStep } from '../../frontend/host-step.js';
import { quantizedValue } from '../../frontend/quantizer.js';
import { applyBinary, applyUnary, clipped } from './elementwise.js';
import { argmax, argmin, logSoftmax, onLines, reduceLine, softmax, topK } from './lines.js';
import { nonMaxSuppression } from './nms.js';
import { concatenated, gathered, permuted, sliced } from './places.js';

/** Adds what the steps make to the values that are there. */
export function runSteps(steps: readonly HostStep[], values: Map<string, Constant>): void {
  for (const { op, inputs, outputs } of steps) {
    const operands = inputs.map((input) => (typeof input === 'string' ? values.get(input)! : input.constant));
    const made = runOp(
      op,
      operands,
      outputs.map(({ shape }) => shape),
    );
    for (const [i, { name, shape }] of outputs.entries()) values.set(name, { shape, data: made[i]! });
  }
}

function runOp(op: HostOp, operands: readonly Constant[], shapes: readonly Shape[]): readonly Float32Array[] {
  const first = operands[0]!;
  const { data, shape } = first;
  const made = shapes[0]!;
  switch (op.kind) {
    case 'reshape':
      return [data];
    case 'unary':
      return [data.map((x) => applyUnary(op.fn, x))];
    case 'clip':
      return [data.map((x) => clipped(x, op.min, op.max))];
    case 'quantize':
      return [data.map((x) => quantizedValue(op.quantizer, 0, x))];
    case 'binary':
      return [applyBinary(op.fn, first, operands[1]!, made)];
    case 'transpose':
      return [permuted(first, op.permutation)];
    case 'concat':
      return [concatenated(operands, op.axis)];
    case 'slice':
      return [sliced(first, op.starts, op.steps, made)];
    case 'gather':
      return [gathered(first, op.axis, op.indices)];
    case 'softmax':
      return onLines(data, shape, op.axis, (line) => [softmax(line)]);
    case 'logsoftmax':
      return onLines(data, shape, op.axis, (line) => [logSoftmax(line)]);
    case 'argmax':
      return onLines(data, shape, op.axis, (line) => [Float32Array.of(argmax(line))]);
    case 'argmin':
      return onLines(data, shape, op.axis, (line) => [Float32Array.of(argmin(line))]);
    case 'topk':
      return onLines(data, shape, op.axis, (line) => topK(line, op.count, op.largest));
    case 'reduce': {
      // The axes that vanish come last, in their order: so sums are added up in one order everywhere.
      const kept = shape.flatMap((_, axis) => (op.axes.includes(axis) ? [] : [axis]));
      const order = [...kept, ...op.axes.toSorted((a, b) => a - b)];
      const lines = permuted(first, order);
      const length = op.axes.reduce((product, axis) => product * shape[axis]!, 1);
      return onLines(lines, [lines.length / length, length], 1, (line) => [Float32Array.of(reduceLine(op.fn, line))]);
    }
    case 'nms':
      return [nonMaxSuppression(op, first, operands[1]!)];
  }
}
