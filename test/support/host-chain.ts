/** Steps of the host one behind the other, each with one operand. */
import type { Shape } from '../../src/frontend/graph.js';
import type { HostOp, HostStep } from '../../src/frontend/host-step.js';

export interface ChainOp {
  readonly op: HostOp;
  readonly source: string;
  readonly after: (shape: Shape) => Shape;
}

export const reshape = (shape: Shape, source = 'r'): ChainOp => ({
  op: { kind: 'reshape' },
  source,
  after: () => shape,
});

export const transpose = (permutation: readonly number[], source = 't'): ChainOp => ({
  op: { kind: 'transpose', permutation },
  source,
  after: (shape) => permutation.map((axis) => shape[axis]!),
});

export const argmax = (axis: number, keepdims: boolean, source = 'a'): ChainOp => ({
  op: { kind: 'argmax', axis },
  source,
  after: (shape) => (keepdims ? shape.with(axis, 1) : shape.toSpliced(axis, 1)),
});

/** Of a shape that stays. */
export const keeps = (op: HostOp, source = 's'): ChainOp => ({ op, source, after: (shape) => shape });

export const softmax = (axis: number, source = 's'): ChainOp => keeps({ kind: 'softmax', axis }, source);

/** The last step makes `last`; without steps the value is `from` itself. */
export function hostChain(
  from: { readonly name: string; readonly shape: Shape },
  ops: readonly ChainOp[],
  last = 'model_output',
): { readonly host: readonly HostStep[]; readonly value: string; readonly shape: Shape } {
  const host: HostStep[] = [];
  let now = { name: from.name, shape: from.shape };
  for (const [i, { op, source, after }] of ops.entries()) {
    const made = { name: i === ops.length - 1 ? last : `${from.name}.step${i}`, shape: after(now.shape) };
    host.push({ op, inputs: [now.name], outputs: [made], source });
    now = made;
  }
  return { host, value: now.name, shape: now.shape };
}

/** What the host does, in order: the function of an element-wise step. */
export function kindsOf({ host }: { readonly host: readonly HostStep[] }): string[] {
  return host.map(({ op }) => ('fn' in op ? op.fn : op.kind));
}
