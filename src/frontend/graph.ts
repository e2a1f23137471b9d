/**
 * The imported float network: typed nodes in topological order, tensors by name, shapes known.
 * Everything is NCHW as in ONNX; a dense vector is [N, C]. N is 1 after import.
 */
import type { HostStep, ModelOutput } from './host-step.js';

export type Shape = readonly number[];

export interface GraphTensor {
  readonly name: string;
  readonly shape: Shape;
}

/**
 * How the model's own input becomes the graph's: read row major in the shape `split`, its axes permuted
 * (axis i of the result is axis permutation[i]), and read again in the graph's shape.
 * Channels last: split [H, W, C], permutation [2, 0, 1].
 */
export interface InputLayout {
  readonly modelShape: Shape;
  readonly split: Shape;
  readonly permutation: readonly number[];
}

export interface GraphInput extends GraphTensor {
  /** Absent: the model's own input has the graph's shape. */
  readonly layout?: InputLayout;
}

/** A float32 constant, row major. */
export interface Constant {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Integer codes of weights that the model carries: weights = scale * codes, in the order of the weights. */
export interface WeightCodes {
  /** A zero point is subtracted already. */
  readonly values: Int16Array;
  /** [Cout], or one for all. */
  readonly scale: Float32Array;
  /** Two's complement holds every code; 1 where they are bipolar. */
  readonly bits: number;
  /** All codes are -1 or +1. */
  readonly bipolar: boolean;
}

/** A batch norm as the model has it: (x - mean) / sqrt(variance + epsilon) * gain + bias, one of each for each channel. */
export interface BatchNorm {
  readonly gain: Float32Array;
  readonly bias: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
}

/** half-up and half-down: ties towards plus and minus infinity; half-away and half-to-zero: from and towards zero; away: never smaller. */
export type Rounding =
  | 'half-even'
  | 'half-up'
  | 'half-down'
  | 'half-away'
  | 'half-to-zero'
  | 'floor'
  | 'ceil'
  | 'to-zero'
  | 'away';

/**
 * code = clamp(round(x / scale + zero), lo, hi) with zeroInside, else clamp(round(x / scale) + zero, lo, hi);
 * the value becomes scale * (code - zero).
 */
export interface UniformQuantizer {
  readonly kind: 'uniform';
  /** Positive; one for each channel, or one for all. */
  readonly scale: Float32Array;
  /** One for each channel, or one for all; an integer unless zeroInside. */
  readonly zero: Float32Array;
  readonly lo: number;
  readonly hi: number;
  readonly round: Rounding;
  readonly zeroInside: boolean;
}

/** x >= 0 becomes +scale, all else -scale. */
export interface BipolarQuantizer {
  readonly kind: 'bipolar';
  readonly scale: number;
}

/**
 * The value becomes scale * (number of thresholds t of its channel with x >= t) + bias (FINN's MultiThreshold).
 * Each row ascends; equal thresholds count as often as they stand.
 */
export interface ThresholdQuantizer {
  readonly kind: 'thresholds';
  /** One row for each channel, or one for all; all of one length, at least 1. */
  readonly thresholds: readonly Float32Array[];
  readonly scale: number;
  readonly bias: number;
}
export type Quantizer = UniformQuantizer | BipolarQuantizer | ThresholdQuantizer;

export interface Window2d {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
}

interface NodeBase {
  /** Unique. The ONNX node's name, or its first output's where it has none. */
  readonly name: string;
  /** Names of the ONNX nodes this node came from, in order. */
  readonly sources: readonly string[];
  readonly output: string;
}

/** 2-D convolution or dense layer (kernel of the whole input) with batch norm and bias folded in. */
export interface ConvNode extends NodeBase, Window2d {
  readonly kind: 'conv';
  readonly input: string;
  readonly groups: number;
  /** [Cout, Cin/groups, kh, kw] */
  readonly weights: Constant;
  /** Where the model carries them; no pass changes such weights. */
  readonly codes?: WeightCodes;
  /** [Cout] */
  readonly bias: Constant;
  /** Fused clamp: relu is [0, null]. null = unbounded on that side. */
  readonly clamp: Clamp;
}
/** Fully connected on the flattened input; the output is [1, Cout], or [1, Cout, 1, 1] where another node needs a map. */
export interface DenseNode extends NodeBase {
  readonly kind: 'dense';
  readonly input: string;
  /** [Cout, Cin]; Cin counts the input in NCHW order when the input is 4-D. */
  readonly weights: Constant;
  /** Where the model carries them; no pass changes such weights. */
  readonly codes?: WeightCodes;
  readonly bias: Constant;
  readonly clamp: Clamp;
}
/** a + b, or a - b. A tensor of [1, C, 1, 1] is added to, or subtracted from, every pixel of the other one. */
export interface AddNode extends NodeBase {
  readonly kind: 'add';
  readonly inputs: readonly [string, string];
  /** Of the second operand; absent: +1. */
  readonly sign?: 1 | -1;
  readonly clamp: Clamp;
}
/** a * b. A second operand of [1, C, 1, 1] multiplies every pixel of the first one. */
export interface MulNode extends NodeBase {
  readonly kind: 'mul';
  readonly inputs: readonly [string, string];
  readonly clamp: Clamp;
}
/** y = clamp(x * scale[c] + shift[c]): a batch norm, constant add, or clamp that could not be folded into a neighbour. */
export interface AffineNode extends NodeBase {
  readonly kind: 'affine';
  readonly input: string;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  /** Scale and shift are its float32 values. */
  readonly norm?: BatchNorm;
  /** None is 0: the model divides by it, x / divisor[c] + shift[c]; scale is 1 / divisor, rounded to float32. */
  readonly divisor?: Float32Array;
  readonly clamp: Clamp;
}
export interface MaxPoolNode extends NodeBase, Window2d {
  readonly kind: 'maxpool';
  readonly input: string;
}
/** Global pooling is the kernel of the whole input. */
export interface AveragePoolNode extends NodeBase, Window2d {
  readonly kind: 'averagepool';
  readonly input: string;
  /** What padded taps are: zeros that count in the divisor (absent), or nothing: the divisor is the number of taps inside the map. */
  readonly border?: 'excluded';
  readonly clamp: Clamp;
}
/** Real values onto a grid; they stay real. */
export interface QuantNode extends NodeBase {
  readonly kind: 'quant';
  readonly input: string;
  readonly quantizer: Quantizer;
}
/**
 * A function of one value, in the sense of ONNX's operator of that name; alpha and beta are its attributes, 0 where it has none.
 * hardswish: x * max(0, min(1, x/6 + 1/2)). silu: x * sigmoid(alpha * x). mish: x * tanh(softplus(x)). sign: -1, 0, 1.
 * selu: beta is its gamma. gelu: alpha 0 is the one with erf, alpha 1 the approximation with tanh.
 */
export type PointwiseFunction =
  | 'leakyrelu'
  | 'prelu'
  | 'sigmoid'
  | 'hardsigmoid'
  | 'hardswish'
  | 'tanh'
  | 'elu'
  | 'selu'
  | 'celu'
  | 'softplus'
  | 'softsign'
  | 'silu'
  | 'gelu'
  | 'mish'
  | 'sign'
  | 'abs';

export interface PointwiseNode extends NodeBase {
  readonly kind: 'pointwise';
  readonly input: string;
  readonly fn: PointwiseFunction;
  readonly alpha: number;
  readonly beta: number;
  /** Of prelu alone: one for each channel. */
  readonly slopes?: Float32Array;
}

/** Where elements lie in a map: element (i, j, k) of a part at row y + i*yStep, column x + j*xStep, channel c + k*cStep. */
export interface MapGrid {
  readonly y: number;
  readonly x: number;
  readonly c: number;
  /** At least 1. */
  readonly yStep: number;
  readonly xStep: number;
  readonly cStep: number;
}

export interface ArrangePart {
  readonly input: string;
  readonly from: MapGrid;
  readonly to: MapGrid;
  /** Rows, columns and channels. */
  readonly size: readonly [number, number, number];
}

/**
 * Values at other places: concatenation, split, slice, padding, nearest upsampling, depth to space and back, channel shuffle.
 * Parts do not overlap; elements of the output that no part covers are `fill`. A [1, C] tensor is a map of one pixel.
 */
export interface ArrangeNode extends NodeBase {
  readonly kind: 'arrange';
  readonly parts: readonly ArrangePart[];
  readonly fill: number;
}

export interface Clamp {
  readonly min: number | null;
  readonly max: number | null;
}
export type GraphNode =
  | ConvNode
  | DenseNode
  | AddNode
  | MulNode
  | AffineNode
  | MaxPoolNode
  | AveragePoolNode
  | QuantNode
  | PointwiseNode
  | ArrangeNode;

export interface Graph {
  readonly name: string;
  readonly inputs: readonly GraphInput[];
  /** Tensors that leave the array, each once, each made by a node. */
  readonly outputs: readonly GraphTensor[];
  /** Applied by the host to the outputs. */
  readonly host: readonly HostStep[];
  readonly modelOutputs: readonly ModelOutput[];
  readonly nodes: readonly GraphNode[];
  /** Shape of every tensor named by a node, the inputs and the outputs. */
  readonly tensors: ReadonlyMap<string, GraphTensor>;
}
