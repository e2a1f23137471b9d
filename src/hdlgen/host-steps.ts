/** The host's steps behind a network without their shapes: lines of values, and other orders of them. */
import { SystoleError } from '../base/error.js';
import type { EpilogueStep, Shape, UniformQuantizer } from '../frontend/graph.js';

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

/** A reshape moves no value: it only changes what later axes mean. */
export function valueSteps(shape: Shape, steps: readonly EpilogueStep[]): ValueStep[] {
  const found: ValueStep[] = [];
  const plain = { order: null, quantizer: null };
  let now = shape;
  for (const step of steps) {
    if (step.kind === 'transpose') {
      found.push({ ...plain, kind: step.kind, ...lines(now, 0), order: orderOf(now, step.permutation) });
    } else if (step.kind === 'sigmoid') {
      found.push({ ...plain, kind: step.kind, ...lines(now, 0) });
    } else if (step.kind === 'quantize') {
      found.push({ ...plain, kind: step.kind, ...lines(now, 0), quantizer: step.quantizer });
    } else if (step.kind !== 'reshape') {
      found.push({ ...plain, kind: step.kind, ...lines(now, step.axis) });
    }
    now = shapeAfter(step, now);
  }
  return found;
}

function shapeAfter(step: EpilogueStep, shape: Shape): Shape {
  switch (step.kind) {
    case 'reshape':
      return step.shape;
    case 'transpose':
      return step.permutation.map((axis) => shape[axis]!);
    case 'softmax':
    case 'sigmoid':
    case 'quantize':
      return shape;
    case 'argmax': {
      const axis = (step.axis + shape.length) % shape.length;
      return step.keepdims ? shape.with(axis, 1) : shape.toSpliced(axis, 1);
    }
  }
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
