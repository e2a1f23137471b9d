/**
 * What the array runs as one FEED and one POST record: a convolution, its requantization and
 * residual, and the max pooling behind it. Still free of the machine.
 */
import type { CodeTensor, Requantize, WeightArray } from '../../quant/network.js';
import type { Layouts } from './stored-layout.js';
import type { Views } from './views.js';

export interface PoolWindow {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly padTop: number;
  readonly padLeft: number;
  /**
   * True: convolution outputs outside convHeight x convWidth do not count. False: the input's taps
   * outside the map contribute padCode 0 already, the neutral element of max.
   */
  readonly masked: boolean;
}

export interface ArrayLayer {
  readonly name: string;
  /** Names of the integer network's layers computed here; empty for a layer the planner added. */
  readonly sources: readonly string[];
  readonly input: string;
  readonly output: string;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly padTop: number;
  readonly padLeft: number;
  /** True when no window of the convolution leaves the input. */
  readonly unpadded: boolean;
  /** The code a padded tap contributes. */
  readonly padCode: number;
  /** One group per channel; otherwise one group. */
  readonly depthwise: boolean;
  /** [Cout][kh][kw][Cin], or [C][kh][kw] when depthwise. */
  readonly weights: WeightArray;
  /** 1 = bipolar, 2..16 two's complement. */
  readonly weightBits: number;
  readonly convHeight: number;
  readonly convWidth: number;
  readonly pool: PoolWindow | null;
  /** null: raw accumulators. */
  readonly requantize: Requantize | null;
  readonly accRange: { readonly min: number; readonly max: number };
  /** MACs of Conv, Gemm and MatMul of the source model, padded taps included; 0 for the planner's and quantizer's own. */
  readonly usefulMacs: number;
  readonly useful: boolean;
  /** Not null: the accumulator, a code less its zero, is multiplied by the residual's code less its zero. */
  readonly product: ProductOffsets | null;
  /** It writes one code everywhere and reads nothing: all its taps are padding. */
  readonly blank: boolean;
  readonly toStream: boolean;
}

/** What is added to the accumulator and to the residual's code before they are multiplied. */
export interface ProductOffsets {
  readonly accumulator: number;
  readonly residual: number;
  /** Reachable products. */
  readonly range: { readonly min: number; readonly max: number };
}

export interface LoweredNetwork {
  readonly layers: readonly ArrayLayer[];
  /** The network's tensors, and those the planner added. */
  readonly tensors: Readonly<Record<string, CodeTensor>>;
  readonly views: Views;
  /** Tensors of which an arranged tensor is made; each lies inside it. */
  readonly components: ReadonlyMap<string, readonly string[]>;
  /** Of tensors that have places of their own and do not lie dense in them. */
  readonly layouts: Layouts;
  /** In stream order. */
  readonly inputs: readonly string[];
}
