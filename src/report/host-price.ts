/** What the host computes around the array, in float32 operations. */
import type { HostStep } from '../frontend/inspect-onnx.js';

export interface PricedStep extends HostStep {
  readonly operations: number;
}

/** Float32 operations on each value: of a softmax greatest, difference, power, sum and quotient. */
const OPERATIONS: Readonly<Record<string, number>> = { quantize: 3, scale: 2, softmax: 5, sigmoid: 3, argmax: 1 };

/** Steps that only move or rename values cost no operation. */
export function priced(steps: readonly HostStep[]): PricedStep[] {
  return steps.map((step) => ({ ...step, operations: (OPERATIONS[step.kind] ?? 0) * step.values }));
}
