/**
 * What the host does behind the array: float32, operation by operation, every value made once, in the order of the steps.
 * Axes count from the front. Indices are whole numbers in float32, ties go to the lowest index.
 */
import type { Constant, Shape, UniformQuantizer } from './graph.js';

export type UnaryFunction =
  | 'sigmoid'
  | 'tanh'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'neg'
  | 'abs'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'relu'
  | 'reciprocal'
  | 'trunc';

export type BinaryFunction = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'min' | 'max';

export type ReduceFunction = 'sum' | 'mean' | 'max' | 'min';

/** The shape of what each makes is that of the step's outputs. */
export type HostOp =
  | { readonly kind: 'softmax'; readonly axis: number }
  | { readonly kind: 'logsoftmax'; readonly axis: number }
  | { readonly kind: 'argmax'; readonly axis: number }
  | { readonly kind: 'argmin'; readonly axis: number }
  /** Makes values, then indices: the `count` largest, or smallest, in that order. */
  | { readonly kind: 'topk'; readonly axis: number; readonly count: number; readonly largest: boolean }
  | { readonly kind: 'reshape' }
  /** Axis i of the result is axis permutation[i]. */
  | { readonly kind: 'transpose'; readonly permutation: readonly number[] }
  | { readonly kind: 'unary'; readonly fn: UnaryFunction }
  | { readonly kind: 'clip'; readonly min: number | null; readonly max: number | null }
  /** Broadcasting as in NumPy. */
  | { readonly kind: 'binary'; readonly fn: BinaryFunction }
  | { readonly kind: 'concat'; readonly axis: number }
  /** One start and one step, which is not 0, for each axis. */
  | { readonly kind: 'slice'; readonly starts: readonly number[]; readonly steps: readonly number[] }
  /** The indices are in range; their shape takes the axis's place. */
  | { readonly kind: 'gather'; readonly axis: number; readonly indices: readonly number[] }
  | { readonly kind: 'reduce'; readonly fn: ReduceFunction; readonly axes: readonly number[] }
  /** One scale and zero for all. */
  | { readonly kind: 'quantize'; readonly quantizer: UniformQuantizer }
  /** Boxes [1, N, 4], scores [1, classes, N] -> [classes * perClass, 3] of image, class and box; rows that are not used hold -1. */
  | {
      readonly kind: 'nms';
      /** Boxes are centre and size, not two corners. */
      readonly centre: boolean;
      readonly perClass: number;
      readonly iou: number;
      readonly score: number;
    };

export interface HostTensor {
  readonly name: string;
  readonly shape: Shape;
}

/** A tensor that leaves the array, or what a step before has made; or a constant. */
export type HostOperand = string | { readonly constant: Constant };

export interface HostStep {
  readonly op: HostOp;
  readonly inputs: readonly HostOperand[];
  readonly outputs: readonly HostTensor[];
  /** Name of the ONNX node. */
  readonly source: string;
}

/** One of the model's own outputs. */
export interface ModelOutput {
  readonly name: string;
  /** A tensor that leaves the array, or what a step has made. */
  readonly value: string;
  readonly shape: Shape;
  /** As ONNX writes it: float32, int64, ... */
  readonly type: string;
}
