/** The host's steps as the C driver runs them: lines of values and walks through arrays, without shapes. */
import type { Shape, UniformQuantizer } from '../frontend/graph.js';
import type { HostOp, HostOperand, HostStep } from '../frontend/host-step.js';
import { broadcastStrides, strides, type Walk, walkOf } from './host-walk.js';

export interface DriverStep {
  readonly kind: 'UNARY' | 'BINARY' | 'PLACE' | 'GATHER' | 'LINES' | 'NMS';
  /** As systole.h names it, without its prefix. */
  readonly fn: string;
  readonly inputs: readonly HostOperand[];
  /** Names of its results. */
  readonly outputs: readonly string[];
  readonly lines: Lines;
  readonly count?: number;
  readonly low?: number | null;
  readonly high?: number | null;
  readonly flag?: boolean;
  readonly walk?: Walk;
  readonly quantizer?: UniformQuantizer;
  readonly indices?: readonly number[];
}

/** `outer` blocks of lines of `length` values that lie `inner` apart. */
export interface Lines {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

const UNARY: Readonly<Record<string, string>> = { floor: 'FLOOR_OF', ceil: 'CEIL_OF' };

/** Sums over several axes: those that vanish last, then lines; so values are added in one order everywhere. */
export function withPlainSums(steps: readonly HostStep[], shapeOf: (input: HostOperand) => Shape): HostStep[] {
  return steps.flatMap((step): HostStep[] => {
    const { op, inputs, outputs, source } = step;
    if (op.kind !== 'reduce' || op.axes.length === 1) return [step];
    const shape = shapeOf(inputs[0]!);
    const gone = op.axes.toSorted((a, b) => a - b);
    const permutation = [...shape.keys()].filter((axis) => !gone.includes(axis)).concat(gone);
    const [turned, lines] = [`${outputs[0]!.name}.turned`, `${outputs[0]!.name}.lines`];
    const length = gone.reduce((product, axis) => product * shape[axis]!, 1);
    const flat = [shape.reduce((a, b) => a * b, 1) / length, length];
    const turnedShape = permutation.map((axis) => shape[axis]!);
    return [
      { op: { kind: 'transpose', permutation }, inputs, outputs: [{ name: turned, shape: turnedShape }], source },
      { op: { kind: 'reshape' }, inputs: [turned], outputs: [{ name: lines, shape: flat }], source },
      { op: { ...op, axes: [1] }, inputs: [lines], outputs, source },
    ];
  });
}

/** A reshape of a value moves nothing and is no step of the driver. */
export function driverSteps(step: HostStep, shapeOf: (input: HostOperand) => Shape): DriverStep[] {
  const { op, inputs, outputs } = step;
  const shape = shapeOf(inputs[0]!);
  const made = outputs[0]!.shape;
  const base = { inputs, outputs: outputs.map(({ name }) => name), lines: linesOf(shape, 0) };
  const place = (walk: Walk, input = inputs[0]!): DriverStep => ({
    ...base,
    inputs: [input],
    kind: 'PLACE',
    fn: 'ADD',
    walk,
  });
  switch (op.kind) {
    case 'reshape':
      return typeof inputs[0] === 'string' ? [] : [place(walkOf(made, strides(made), strides(made)))];
    case 'unary':
      return [{ ...base, kind: 'UNARY', fn: UNARY[op.fn] ?? op.fn.toUpperCase() }];
    case 'clip':
      return [{ ...base, kind: 'UNARY', fn: 'CLIP', low: op.min, high: op.max }];
    case 'quantize':
      return [{ ...base, kind: 'UNARY', fn: 'QUANTIZE', quantizer: op.quantizer }];
    case 'binary': {
      const [a, b] = inputs.map((input) => broadcastStrides(shapeOf(input), made));
      return [{ ...base, kind: 'BINARY', fn: op.fn.toUpperCase(), walk: walkOf(made, a!, b!) }];
    }
    case 'transpose': {
      const from = strides(shape);
      return [
        place(
          walkOf(
            made,
            op.permutation.map((axis) => from[axis]!),
            strides(made),
          ),
        ),
      ];
    }
    case 'slice': {
      const own = strides(shape);
      const aStart = op.starts.reduce((sum, start, axis) => sum + start * own[axis]!, 0);
      const from = op.steps.map((n, axis) => n * own[axis]!);
      return [place(walkOf(made, from, strides(made), { aStart }))];
    }
    case 'nms': {
      const lines = { outer: shapeOf(inputs[1]!)[1]!, length: shape[1]!, inner: 1 };
      const limits = { count: op.perClass, low: op.iou, high: op.score, flag: op.centre };
      return [{ ...base, kind: 'NMS', fn: 'ADD', lines, ...limits }];
    }
    case 'concat':
      return concatenation(op.axis, inputs, shapeOf, made, place);
    default:
      return [lineStep(op, base, shape)];
  }
}

function concatenation(
  axis: number,
  inputs: readonly HostOperand[],
  shapeOf: (input: HostOperand) => Shape,
  made: Shape,
  place: (walk: Walk, input: HostOperand) => DriverStep,
): DriverStep[] {
  const to = strides(made);
  let at = 0;
  return inputs.map((input) => {
    const part = shapeOf(input);
    const bStart = at * to[axis]!;
    at += part[axis]!;
    return place(walkOf(part, strides(part), to, { bStart }), input);
  });
}

type LineOp = Extract<
  HostOp,
  { readonly kind: 'softmax' | 'logsoftmax' | 'argmax' | 'argmin' | 'topk' | 'gather' | 'reduce' }
>;
type Base = Pick<DriverStep, 'inputs' | 'outputs' | 'lines'>;

function lineStep(op: LineOp, base: Base, shape: Shape): DriverStep {
  switch (op.kind) {
    case 'softmax':
      return { ...base, kind: 'LINES', fn: 'SOFTMAX', lines: linesOf(shape, op.axis) };
    case 'logsoftmax':
      return { ...base, kind: 'LINES', fn: 'LOG_SOFTMAX', lines: linesOf(shape, op.axis) };
    case 'argmax':
    case 'argmin':
      return { ...base, kind: 'LINES', fn: op.kind.toUpperCase(), lines: linesOf(shape, op.axis) };
    case 'topk':
      return { ...base, kind: 'LINES', fn: 'TOP_K', lines: linesOf(shape, op.axis), count: op.count, flag: op.largest };
    case 'reduce':
      return { ...base, kind: 'LINES', fn: `LINE_${op.fn.toUpperCase()}`, lines: linesOf(shape, op.axes[0]!) };
    case 'gather':
      return {
        ...base,
        kind: 'GATHER',
        fn: 'ADD',
        lines: linesOf(shape, op.axis),
        count: op.indices.length,
        indices: op.indices,
      };
  }
}

function linesOf(shape: Shape, axis: number): Lines {
  const product = (part: Shape): number => part.reduce((total, n) => total * n, 1);
  return { outer: product(shape.slice(0, axis)), length: shape[axis] ?? 1, inner: product(shape.slice(axis + 1)) };
}
