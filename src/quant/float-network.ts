/** Float layers in the integer network's own form: NHWC, one kind for all sums; what lower.ts makes and quantization reads. */
import type { ArrangePart, Clamp } from '../frontend/graph.js';
import type { Dyadic } from './rational.js';

export interface MapShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface FloatWindow {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
}

interface FloatBase {
  readonly name: string;
  readonly sources: readonly string[];
  readonly output: string;
}

/** What becomes of a sum: first the clamp, then the function. */
interface Ending {
  readonly clamp: Clamp;
  readonly function: FloatFunction | null;
}

export interface FloatConv extends FloatBase, FloatWindow, Ending {
  readonly kind: 'conv';
  readonly input: string;
  /** As in the graph: any divisor of the channels. */
  readonly groups: number;
  readonly weights: FloatWeights;
  /** [Cout] */
  readonly bias: Float32Array;
  readonly residual: FloatResidual | null;
  /** Conv, Gemm or MatMul of the source model. */
  readonly useful: boolean;
}

/** All [Cout][kh][kw][Cin/groups]. */
export type FloatWeights =
  | { readonly kind: 'float'; readonly data: Float32Array }
  /** Codes known beforehand, each worth scales[Cout] / divisor: ones of a pool or residual add, signs of an affine layer. */
  | {
      readonly kind: 'fixed';
      readonly codes: Int8Array;
      readonly scales: readonly number[];
      readonly divisor: number;
    };

/** The tensor times its factor is added. Of one pixel, it meets all pixels. */
export interface FloatResidual {
  readonly tensor: string;
  /** One for all channels, or one of each. */
  readonly factors: readonly Dyadic[];
}

export interface FloatMul extends FloatBase, Ending {
  readonly kind: 'mul';
  /** The second may be one pixel. */
  readonly inputs: readonly [string, string];
}

export interface FloatMaxPool extends FloatBase, FloatWindow {
  readonly kind: 'maxpool';
  readonly input: string;
}

export interface FloatArrange extends FloatBase {
  readonly kind: 'arrange';
  readonly parts: readonly ArrangePart[];
  readonly fill: number;
}
export type FloatLayer = FloatConv | FloatMul | FloatMaxPool | FloatArrange;

/** One for all channels. */
export type FloatFunction =
  /** -1, 0 or 1: steps that an ordinary requantizer makes. */
  | { readonly kind: 'sign' }
  | {
      readonly kind: 'table';
      /** float32 to float32 */
      readonly of: (x: number) => number;
      /** Where it turns from falling to rising or back, ascending. */
      readonly turns: readonly number[];
      /** The tensor of the graph whose values are its arguments. */
      readonly argument: string;
    };

export interface FloatNetwork {
  /** In an order in which every operand is made before it is used. */
  readonly layers: readonly FloatLayer[];
  /** Of every tensor that a layer reads or makes. */
  readonly shapes: ReadonlyMap<string, MapShape>;
  /** Tensors that are not the graph's: the one of the graph that has such values. */
  readonly seenAs: ReadonlyMap<string, string>;
  /** Tensors on the grid of another one. */
  readonly follows: ReadonlyMap<string, string>;
  /** Tensors that are rounded a second time: they get finer grids. */
  readonly fine: ReadonlySet<string>;
}

/** Tensors that a layer reads. */
export function floatOperands(layer: FloatLayer): readonly string[] {
  switch (layer.kind) {
    case 'conv':
      return layer.residual === null ? [layer.input] : [layer.input, layer.residual.tensor];
    case 'mul':
      return layer.inputs;
    case 'maxpool':
      return [layer.input];
    case 'arrange':
      return layer.parts.map((part) => part.input);
  }
}
