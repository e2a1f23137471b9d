/** What a tensor of a quantized graph is while its integer network is made: codes, or something real on its way to a quantizer. */
import type { Clamp, MaxPoolNode } from '../../frontend/graph.js';
import type { ConvLayer, WeightArray } from '../network.js';
import { type Dyadic, dyadic } from '../rational.js';
import { constantForm, type NormConstants, normed, type RealForm, scaled, shifted, withResidual } from './real-form.js';

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
  readonly sources: readonly string[];
  readonly channels: readonly Channel[];
  readonly residual: Coded | null;
  /** Max pools in front of the quantizer: taking the largest and rising functions change places. */
  readonly pools: readonly MaxPoolNode[];
  /** The values are still codes of the input: only clamped, at codes. */
  readonly onInputGrid: boolean;
}

/** The part of a layer that makes accumulators. */
export interface LayerBase extends Pick<ConvLayer, 'name' | 'kernel' | 'strides' | 'dilations' | 'pads' | 'useful'> {
  readonly groups: number;
  /** [Cout][kh][kw][Cin/groups] */
  readonly weights: WeightArray;
  readonly weightBits: number;
}

export interface Channel {
  readonly form: RealForm;
  /** Applied one after the other, each as what the operations behind it make of its ends. */
  readonly bounds: readonly Bound[];
}

interface Bound {
  readonly min: RealForm | null;
  readonly max: RealForm | null;
}

/** x*scale + shift */
export function affineChannel(channel: Channel, scale: number, shift: number): Channel {
  return mapped(channel, scale < 0, (form) => shifted(scaled(form, dyadic(scale)), dyadic(shift)));
}

/** null behind another batch norm. */
export function normChannel(channel: Channel, norm: NormConstants): Channel | null {
  if (channel.form.root !== null) return null;
  return mapped(channel, norm.gain < 0, (form) => normed(form, norm)!);
}

export function clampChannel(channel: Channel, { min, max }: Clamp): Channel {
  if (min === null && max === null) return channel;
  const bound = { min: min === null ? null : constantForm(min), max: max === null ? null : constantForm(max) };
  return { ...channel, bounds: [...channel.bounds, bound] };
}

/** Only where nothing is clamped yet. */
export function residualChannel(channel: Channel, scale: Dyadic, zero: number): Channel {
  return { ...channel, form: withResidual(channel.form, scale, zero) };
}

function mapped({ form, bounds }: Channel, falls: boolean, f: (form: RealForm) => RealForm): Channel {
  const end = (x: RealForm | null): RealForm | null => x && f(x);
  return {
    form: f(form),
    bounds: bounds.map(({ min, max }) => (falls ? { min: end(max), max: end(min) } : { min: end(min), max: end(max) })),
  };
}
