/** What nodes of one operand do to values, in float32, operation by operation. */
import type { AffineNode, Clamp, PointwiseFunction, PointwiseNode } from '../../frontend/graph.js';
import { isOpen } from '../../frontend/graph-nodes.js';
import { evaluatePointwise } from '../../frontend/pointwise.js';
import type { FloatStep } from './values.js';

export function affineStep({ scale, shift, divisor }: Pick<AffineNode, 'scale' | 'shift' | 'divisor'>): FloatStep {
  const times = (x: number, c: number): number => (divisor === undefined ? x * scale[c]! : x / divisor[c]!);
  return {
    perChannel: !isSame(scale) || !isSame(shift),
    rises: scale.every((s) => s >= 0),
    apply: (x, c) => Math.fround(Math.fround(times(x, c)) + shift[c]!),
  };
}

export function clampStep({ min, max }: Clamp): FloatStep {
  const [low, high] = [min ?? Number.NEGATIVE_INFINITY, max ?? Number.POSITIVE_INFINITY];
  return { perChannel: false, rises: true, apply: (x) => Math.min(high, Math.max(low, x)) };
}

export function clampSteps(clamp: Clamp): readonly FloatStep[] {
  return isOpen(clamp) ? [] : [clampStep(clamp)];
}

export function pointwiseStep(node: PointwiseNode): FloatStep {
  return {
    perChannel: node.slopes !== undefined && !isSame(node.slopes),
    rises: rises(node),
    apply: (x, c) => evaluatePointwise(node, c, x),
  };
}

const RISING: ReadonlySet<PointwiseFunction> = new Set(['sigmoid', 'tanh', 'softplus', 'softsign', 'sign']);
/** Where their slope below zero is none that falls. */
const RISING_WITH_ALPHA: ReadonlySet<PointwiseFunction> = new Set(['leakyrelu', 'hardsigmoid', 'elu', 'celu']);

function rises({ fn, alpha, beta, slopes }: PointwiseNode): boolean {
  if (fn === 'prelu') return slopes!.every((s) => s >= 0);
  if (fn === 'selu') return alpha >= 0 && beta >= 0;
  return RISING.has(fn) || (RISING_WITH_ALPHA.has(fn) && alpha >= 0);
}

function isSame(values: Float32Array): boolean {
  return values.every((x) => x === values[0]);
}
