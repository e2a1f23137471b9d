/** What a tensor of a quantized graph is while its integer network is made: codes, or something real on its way to a quantizer. */
import type { ArrangeNode, ArrangePart } from '../../frontend/graph.js';
import type { MapShape } from '../float-network.js';
import type { ConvLayer, WeightArray } from '../network.js';
import type { Dyadic } from '../rational.js';
import type { Channel } from './channel.js';
import type { RealInput } from './input.js';

/** Codes of a tensor of the integer network: real = scale*(code - zero). */
export interface Coded {
  readonly kind: 'coded';
  readonly tensor: string;
  /** One for each channel, or one for all. */
  readonly scales: readonly Dyadic[];
  readonly zero: number;
  /** Codes are 0 .. most. */
  readonly most: number;
}

/** Real values that no layer makes yet: an accumulator and what follows it. */
export interface Pending {
  readonly kind: 'pending';
  readonly base: LayerBase;
  readonly input: Coded;
  /** Of the tensor in front of the pools. */
  readonly output: string;
  readonly shape: MapShape;
  readonly sources: readonly string[];
  readonly channels: readonly Channel[];
  readonly residual: Coded | null;
  /** Max pools in front of the quantizer: taking the largest and rising functions change places. */
  readonly pools: readonly PoolStep[];
  /** Channels, behind the pools, whose function falls. */
  readonly falls: readonly boolean[];
  /** The values are still codes of the input: only clamped, at codes. */
  readonly onInputGrid: boolean;
  /** What has been done to the accumulator's value, as the model does it. */
  readonly steps: readonly FloatStep[];
  /** The first of them that is no line; the channels' forms are those in front of it. */
  readonly curve: number | null;
}

/** In float32, operation by operation. */
export interface FloatStep {
  /** Its constants are not the same for all channels. */
  readonly perChannel: boolean;
  /** It never falls. */
  readonly rises: boolean;
  apply(x: number, channel: number): number;
}

export interface PoolStep extends Pick<ConvLayer, 'name' | 'sources' | 'kernel' | 'strides' | 'dilations' | 'pads'> {
  readonly output: string;
  readonly shape: MapShape;
}

/** The part of a layer that makes accumulators. */
export type LayerBase = WindowBase | ProductBase;

export interface WindowBase extends Pick<ConvLayer, 'name' | 'kernel' | 'strides' | 'dilations' | 'pads' | 'useful'> {
  readonly kind: 'window';
  readonly groups: number;
  /** [Cout][kh][kw][Cin/groups] */
  readonly weights: WeightArray;
  readonly weightBits: number;
}

/** The pending value's input times another tensor of its shape, or of one pixel. */
export interface ProductBase {
  readonly kind: 'product';
  readonly name: string;
  readonly other: Coded;
}

/** Values from several tensors: what is done to them is done to each part. */
export interface Arranged {
  readonly kind: 'arranged';
  readonly node: Pick<ArrangeNode, 'name' | 'sources' | 'output'>;
  readonly shape: MapShape;
  readonly parts: readonly ArrangedPart[];
  /** What elements are that no part covers, by channel or one for all; null where parts cover all of them. */
  readonly fill: readonly number[] | null;
}

export interface ArrangedPart {
  readonly place: Omit<ArrangePart, 'input'>;
  readonly value: Coded | Pending | RealInput;
}

export type Value = Coded | Pending | RealInput | Arranged;
