/** What the host computes around the array: float32 operations on one image, and bytes that it moves. */
import type { HostTensor } from '../frontend/host-step.js';
import { type HostWork, hostWork } from '../frontend/host-work.js';
import { elementsOf } from '../quant/frame.js';
import type { IntegerNetwork } from '../quant/network.js';

export interface PricedStep extends HostWork {
  readonly operations: number;
  /** Read and written, four to a value. */
  readonly bytes: number;
}

/** Float32 operations on each value: of a softmax greatest, difference, power, sum and quotient. Others: 1. */
const OPERATIONS: Readonly<Record<string, number>> = {
  ...{ quantize: 3, scale: 2, softmax: 5, logsoftmax: 5, sigmoid: 3, clip: 2, nms: 16 },
  ...{ reshape: 0, transpose: 0, concat: 0, slice: 0, gather: 0 },
};
const TWO_OPERANDS = new Set(['add', 'sub', 'mul', 'div', 'pow']);
const FLOAT_BYTES = 4;

/** Steps that only move values cost no operation, those that only rename them nothing. */
export function priced(steps: readonly HostWork[]): PricedStep[] {
  return steps.map((step) => {
    const moved = step.kind === 'reshape' ? 0 : TWO_OPERANDS.has(step.kind) ? 3 : 2;
    return {
      ...step,
      operations: (OPERATIONS[step.kind] ?? 1) * step.values,
      bytes: FLOAT_BYTES * moved * step.values,
    };
  });
}

/** The ends are the host's too: real values to codes, and what leaves the array to real values. */
export function hostPrice({ inputs, outputs, host, tensors }: IntegerNetwork): PricedStep[] {
  const ends = (kind: string, list: readonly { readonly tensor: string; readonly node: string }[]): HostWork[] =>
    list.map(({ tensor, node }) => ({ kind, node, values: elementsOf(tensors[tensor]!) }));
  const leaving: HostTensor[] = outputs.map(({ name, shape }) => ({ name, shape }));
  return priced([
    ...ends(
      'quantize',
      inputs.map(({ tensor, modelName }) => ({ tensor, node: modelName })),
    ),
    ...ends(
      'scale',
      outputs.map(({ tensor, name }) => ({ tensor, node: name })),
    ),
    ...hostWork(leaving, host),
  ]);
}
