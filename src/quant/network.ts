/**
 * The integer network: what the hardware computes, and nothing of how. Its meaning is fixed by
 * golden.ts. Feature maps are NHWC with N = 1, one unsigned code per element:
 * real = scale * (code - zero).
 */
import type { ArrangePart, InputLayout, Rounding, Shape } from '../frontend/graph.js';
import type { HostStep, ModelOutput } from '../frontend/host-step.js';

export interface CodeTensor {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Codes are 0 .. 2^bits - 1. */
  readonly bits: number;
  readonly scale: number;
  /** The code of real zero, in range. Padded taps contribute it: an integer, unless no layer pads the tensor. */
  readonly zero: number;
}

/** Int16 where codes have more than 8 bits. */
export type WeightArray = Int8Array | Int16Array;

export interface WeightFormat {
  /** 1 means bipolar {-1, +1}; 2..16 two's complement. */
  readonly bits: number;
}

/**
 * y = clamp(round((acc*m[c] + b[c] + res*r[c]) / 2^n[c]), lo, hi), res absent without a residual.
 * m, r: signed integers that fit a double exactly; b: bigint; n >= 0.
 */
export interface Requantize {
  readonly m: readonly number[];
  readonly b: readonly bigint[];
  readonly n: readonly number[];
  readonly round: 'floor' | 'nearest-even';
  readonly lo: number;
  readonly hi: number;
  /** Its tensor has the output's shape, or is one pixel that meets all of them. */
  readonly residual: { readonly tensor: string; readonly m: readonly number[] } | null;
  /** Absent, or hi + 1 codes: the result is table[y]. One for all channels. */
  readonly table?: Uint16Array;
}

/**
 * Convolution; every dense layer, average pool, residual add and lone requantization is one too
 * (dense: kernel of the whole map; the others: groups = channels, weights one).
 * acc[y][x][co] = sum over ky, kx, ci of w[co][ky][kx][ci] * code, exact; a padded tap has the input's zero code.
 */
export interface ConvLayer {
  readonly kind: 'conv';
  readonly name: string;
  readonly sources: readonly string[];
  readonly input: string;
  readonly output: string;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
  /** 1, or the channel count (depthwise, Cout = Cin). */
  readonly groups: number;
  /** [Cout][kh][kw][Cin/groups] */
  readonly weights: WeightArray;
  readonly weightFormat: WeightFormat;
  /** True for Conv, Gemm, MatMul of the source model: counts as useful MACs. */
  readonly useful: boolean;
  /** Weights of the source model, where zeros between its groups are among `weights`; absent: all of them. */
  readonly sourceWeights?: number;
  /** null: the raw accumulators leave the machine; no layer reads them. */
  readonly requantize: Requantize | null;
  /** Exact reachable range over all channels, from the real weights and the input's bits. */
  readonly accRange: { readonly min: number; readonly max: number };
  readonly exactness: Exactness;
  /** How far the certificate was tried out; absent where there is none to try. */
  readonly checked?: CertificateCheck;
}

/** Largest code of each window; taps outside the map do not count. */
export interface MaxPoolLayer {
  readonly kind: 'maxpool';
  readonly name: string;
  readonly sources: readonly string[];
  readonly input: string;
  readonly output: string;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly exactness: Exactness;
}

/**
 * acc = (a - zero of a) * (b - zero of b), both zeros integers, then the requantizer (without a residual).
 * b may be a map of one pixel: its channels multiply every pixel of a.
 */
export interface MulLayer {
  readonly kind: 'mul';
  readonly name: string;
  readonly sources: readonly string[];
  readonly inputs: readonly [string, string];
  readonly output: string;
  readonly requantize: Requantize;
  readonly accRange: { readonly min: number; readonly max: number };
  readonly exactness: Exactness;
  readonly checked?: CertificateCheck;
}

/**
 * Codes at other places, unchanged: scale, zero and bits of all inputs are the output's. Parts do not overlap;
 * an element that no part covers is the code `fill`.
 */
export interface ArrangeLayer {
  readonly kind: 'arrange';
  readonly name: string;
  readonly sources: readonly string[];
  readonly parts: readonly ArrangePart[];
  readonly fill: number;
  readonly output: string;
  readonly exactness: Exactness;
}
export type Layer = ConvLayer | MaxPoolLayer | MulLayer | ArrangeLayer;

/**
 * Of the integer requantizer against the real-valued quantizer it stands for (design 2.6). exact: both give one code for every
 * reachable accumulator and residual, and were run against each other over all of them, or codes are only moved. exact-in-range:
 * all their steps coincide over the range of the accumulator, but not every value was tried.
 */
export type Exactness =
  | { readonly kind: 'exact' }
  | { readonly kind: 'exact-in-range' }
  | { readonly kind: 'approximate'; readonly differing: number; readonly maxCodes: number };

/** Both quantizers were run side by side on real accumulators, and the certificate held. */
export interface CertificateCheck {
  /** Pairs of accumulator and residual code tried, all channels together. */
  readonly values: number;
  /** Channels that were tried on every reachable pair, of long runs between two steps the ends alone: both functions are monotone. */
  readonly wholeChannels: number;
}

/** How the host turns a tensor that leaves the machine into real values (float32, operation by operation). */
export interface OutputTensor {
  readonly tensor: string;
  /** 'accumulators': int32 values, real = (acc - offset[c]) * scale[c] + bias[c]; 'codes': real = scale[0] * (code - zero). */
  readonly form: 'accumulators' | 'codes';
  /** The accumulator of a zero sum: sums alike in the model are alike here. Absent: 0. */
  readonly offset?: readonly number[];
  readonly scale: readonly number[];
  readonly bias: readonly number[];
  /** Under which the host's steps know the real values. */
  readonly name: string;
  /** NCHW or [1, C]. */
  readonly shape: Shape;
}

/**
 * A model's own input quantizer, in float32, operation by operation: after `before`,
 * code = step * (clamp(round(x/scale) + zero, lo, hi) - base), or clamp(round(x/scale + zero), lo, hi) with zeroInside.
 */
export interface InputQuantizer {
  readonly before: readonly InputAffine[];
  /** One for each channel, or one for all. */
  readonly scale: readonly number[];
  readonly zero: readonly number[];
  readonly lo: number;
  readonly hi: number;
  readonly round: Rounding;
  readonly zeroInside: boolean;
  readonly base: number;
  readonly step: number;
}

/** x*scale + shift, or x/scale + shift, then the clamp; one for each channel, or one for all. */
export interface InputAffine {
  readonly scale: readonly number[];
  readonly divides?: true;
  readonly shift: readonly number[];
  readonly min: number | null;
  readonly max: number | null;
}

/**
 * One of the model's inputs in its own shape, its values in NCHW order. Without a quantizer of its own:
 * code = clamp(roundHalfEven(real/scale) + zero).
 */
export interface NetworkInput {
  readonly tensor: string;
  readonly modelName: string;
  readonly shape: Shape;
  /** Absent: the model's own order is NCHW. */
  readonly layout?: InputLayout;
  readonly quantizer?: InputQuantizer;
}

export interface IntegerNetwork {
  readonly name: string;
  /** In the order of the stream. */
  readonly inputs: readonly NetworkInput[];
  /** In the order in which the layers make them, which is that of the stream; each tensor once. */
  readonly outputs: readonly OutputTensor[];
  /** On the real values of the outputs. */
  readonly host: readonly HostStep[];
  readonly modelOutputs: readonly ModelOutput[];
  readonly tensors: Readonly<Record<string, CodeTensor>>;
  /** Topological order; each tensor is made once. */
  readonly layers: readonly Layer[];
}
