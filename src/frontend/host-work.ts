/** How much the host's steps go through: what inspect and compile price. */
import type { Shape } from './graph.js';
import type { HostStep, HostTensor } from './host-step.js';

export interface HostWork {
  /** The function of an element-wise step. */
  readonly kind: string;
  /** The ONNX node. */
  readonly node: string;
  /** Values it goes through; of the best few and of boxes, as often as each is looked at in the worst case. */
  readonly values: number;
}

/** @param outputs of the array */
export function hostWork(outputs: readonly HostTensor[], steps: readonly HostStep[]): HostWork[] {
  const shapes = new Map<string, Shape>(outputs.map(({ name, shape }) => [name, shape]));
  return steps.map((step) => {
    const { op, inputs, outputs: made, source } = step;
    for (const { name, shape } of made) shapes.set(name, shape);
    const [first] = inputs;
    const read = size(typeof first === 'string' ? (shapes.get(first) ?? []) : (first?.constant.shape ?? []));
    const kind = op.kind === 'unary' || op.kind === 'binary' || op.kind === 'reduce' ? op.fn : op.kind;
    return { kind, node: source, values: valuesOf(step, read, size(made[0]!.shape)) };
  });
}

function valuesOf({ op }: HostStep, read: number, made: number): number {
  switch (op.kind) {
    case 'argmax':
    case 'argmin':
    case 'reduce':
      return read;
    case 'topk':
      return read * op.count;
    case 'nms':
      // Rows of three for each box of a class, against every box of four numbers.
      return (made / 3) * (read / 4);
    default:
      return made;
  }
}

function size(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}
