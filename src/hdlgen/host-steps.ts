/** The host's steps behind a network without their shapes: lines of values, and other orders of them. */
import { SystoleError } from '../base/error.js';
import type { Shape, UniformQuantizer } from '../frontend/graph.js';
import type { HostStep } from '../frontend/host-step.js';

/** Element (i, j, ...) of an array of `size`, in row order, is the one at i*stride[0] + j*stride[1] + ... */
export interface ValueOrder {
  readonly size: readonly number[];
  readonly stride: readonly number[];
}

/** Along lines of `length` values that lie `inner` apart, `outer` blocks of them. */
export interface ValueStep {
  readonly kind: 'softmax' | 'argmax' | 'transpose' | 'sigmoid' | 'quantize';
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly order: ValueOrder | null;
  readonly quantizer: UniformQuantizer | null;
}

/** Axes of an order in the C driver (SYSTOLE_AXES). */
const MOST_AXES = 8;

/** A reshape moves no value: it only changes what later axes mean. @throws SystoleError network-unsupported */
export function valueSteps(shape: Shape, steps: readonly HostStep[]): ValueStep[] {
  const found: ValueStep[] = [];
  const plain = { order: null, quantizer: null };
  let now = shape;
  for (const { op, outputs, source } of steps) {
    if (op.kind === 'transpose') {
      found.push({ ...plain, kind: op.kind, ...lines(now, 0), order: orderOf(now, op.permutation) });
    } else if (op.kind === 'unary' && op.fn === 'sigmoid') {
      found.push({ ...plain, kind: op.fn, ...lines(now, 0) });
    } else if (op.kind === 'quantize') {
      found.push({ ...plain, kind: op.kind, ...lines(now, 0), quantizer: op.quantizer });
    } else if (op.kind === 'softmax' || op.kind === 'argmax') {
      found.push({ ...plain, kind: op.kind, ...lines(now, op.axis) });
    } else if (op.kind !== 'reshape') {
      throw new SystoleError('network-unsupported', 'the C host has no such step', { where: source, actual: op.kind });
    }
    now = outputs[0]!.shape;
  }
  return found;
}

/** Axis i of the result is axis permutation[i] of an array of `shape`. @throws SystoleError network-unsupported */
export function orderOf(shape: Shape, permutation: readonly number[]): ValueOrder {
  const axes = permutation.filter((axis) => shape[axis] !== 1);
  if (axes.length > MOST_AXES) {
    throw new SystoleError('network-unsupported', 'a transpose at an end of the network has too many axes', {
      expected: `at most ${MOST_AXES}`,
      actual: `${axes.length}`,
    });
  }
  if (axes.length === 0) return { size: [1], stride: [1] };
  return { size: axes.map((axis) => shape[axis]!), stride: axes.map((axis) => product(shape.slice(axis + 1))) };
}

function lines(shape: Shape, axis: number): Pick<ValueStep, 'outer' | 'length' | 'inner'> {
  const at = (axis + shape.length) % shape.length;
  return { outer: product(shape.slice(0, at)), length: shape[at] ?? 1, inner: product(shape.slice(at + 1)) };
}

const product = (shape: Shape) => shape.reduce((total, n) => total * n, 1);
