/** Shapes along each of the host's steps. */
import type { Fail } from './check-graph.js';
import type { Shape } from './graph.js';
import type { HostOp, HostStep } from './host-step.js';
import { broadcastShape } from './import/per-channel.js';

/** What the step makes of operands of these shapes; where its output says it, the output's own shape. */
export function shapesAfter({ op, outputs, source }: HostStep, operands: readonly Shape[], fail: Fail): Shape[] {
  const bad = (rule: string): never => fail(rule, source);
  const [first] = operands;
  const [made] = outputs;
  if (first === undefined || made === undefined) return bad('a step of the host without operands or results');
  switch (op.kind) {
    case 'reshape':
      if (size(first) !== size(made.shape)) bad(`${first.join('x')} does not fill ${made.shape.join('x')}`);
      return [made.shape];
    case 'transpose':
      if (!isPermutation(op.permutation, first.length)) bad('a transpose permutes axes that are not there');
      return [op.permutation.map((axis) => first[axis]!)];
    case 'unary':
    case 'clip':
      return [first];
    case 'quantize':
      if (op.quantizer.scale.length !== 1 || op.quantizer.zero.length !== 1)
        bad('the host quantizes with several scales');
      return [first];
    case 'binary':
      return [broadcastShape(first, operands[1] ?? []) ?? bad('operands do not go together')];
    case 'softmax':
    case 'logsoftmax':
      checkAxis(op.axis, first, bad);
      return [first];
    case 'argmax':
    case 'argmin':
      checkAxis(op.axis, first, bad);
      return [reduced(first, [op.axis], made.shape)];
    case 'reduce':
      for (const axis of op.axes) checkAxis(axis, first, bad);
      return [reduced(first, op.axes, made.shape)];
    default:
      return shapesOfParts(op, operands, made.shape, bad);
  }
}

type PartOp = Extract<HostOp, { readonly kind: 'topk' | 'concat' | 'slice' | 'gather' | 'nms' }>;

function shapesOfParts(op: PartOp, operands: readonly Shape[], made: Shape, bad: (rule: string) => never): Shape[] {
  const first = operands[0]!;
  switch (op.kind) {
    case 'topk': {
      checkAxis(op.axis, first, bad);
      if (!(op.count >= 1 && op.count <= first[op.axis]!)) bad(`the largest ${op.count} of ${first[op.axis]}`);
      const shape = first.with(op.axis, op.count);
      return [shape, shape];
    }
    case 'concat': {
      checkAxis(op.axis, first, bad);
      const along = operands.reduce((sum, shape) => sum + (shape[op.axis] ?? 0), 0);
      const alike = operands.every((shape) => shape.with(op.axis, 0).join() === first.with(op.axis, 0).join());
      if (!alike) bad('parts of different shapes are put together');
      return [first.with(op.axis, along)];
    }
    case 'slice': {
      const { starts, steps } = op;
      if (starts.length !== first.length || steps.length !== first.length) bad('not one start and step for each axis');
      const inside = first.every((n, axis) => {
        const last = starts[axis]! + ((made[axis] ?? 0) - 1) * steps[axis]!;
        return steps[axis] !== 0 && [starts[axis]!, last].every((i) => Number.isInteger(i) && i >= 0 && i < n);
      });
      if (!inside || made.length !== first.length) bad('a slice reaches beyond its operand');
      return [made];
    }
    case 'gather': {
      checkAxis(op.axis, first, bad);
      const extent = first[op.axis]!;
      if (op.indices.some((i) => !Number.isInteger(i) || i < 0 || i >= extent)) bad('an index is out of range');
      if (size(made) * extent !== size(first) * op.indices.length) bad('not one place for each index');
      return [made];
    }
    case 'nms': {
      const [boxes, scores] = operands;
      const fits = boxes?.length === 3 && boxes[2] === 4 && scores?.length === 3 && scores[2] === boxes[1];
      if (!fits || boxes[0] !== 1 || scores[0] !== 1) bad('boxes and scores do not go together');
      return [[scores![1]! * op.perClass, 3]];
    }
  }
}

/** With the axes of size 1 or without them, as `made` has them. */
function reduced(shape: Shape, axes: readonly number[], made: Shape): Shape {
  if (made.length === shape.length) return shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
  return shape.filter((_, axis) => !axes.includes(axis));
}

function checkAxis(axis: number, shape: Shape, bad: (rule: string) => never): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) bad(`there is no axis ${axis}`);
}

function isPermutation(axes: readonly number[], rank: number): boolean {
  return (
    axes.length === rank && new Set(axes).size === rank && axes.every((a) => Number.isInteger(a) && a >= 0 && a < rank)
  );
}

function size(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}
