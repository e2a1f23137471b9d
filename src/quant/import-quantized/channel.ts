/** What becomes of the accumulator of one channel, as long as it is a line: a form, and the clamps on the way. */
import type { Clamp } from '../../frontend/graph.js';
import { type Dyadic, dyadic } from '../rational.js';
import {
  constantForm,
  divided,
  type NormConstants,
  normed,
  type RealForm,
  scaled,
  shifted,
  withResidual,
} from './real-form.js';

export interface Channel {
  /** In front of every step. */
  readonly start: RealForm;
  readonly form: RealForm;
  /** Applied one after the other, each as what the operations behind it make of its ends. */
  readonly bounds: readonly Bound[];
}

interface Bound {
  readonly min: RealForm | null;
  readonly max: RealForm | null;
}

export function channelOf(form: RealForm): Channel {
  return { start: form, form, bounds: [] };
}

/** x*scale + shift, or x/divisor + shift */
export function affineChannel(channel: Channel, scale: number, shift: number, divisor?: number): Channel {
  const times = (form: RealForm): RealForm =>
    divisor === undefined ? scaled(form, dyadic(scale)) : divided(form, divisor);
  return mapped(channel, scale < 0, (form) => shifted(times(form), dyadic(shift)));
}

export function normChannel(channel: Channel, norm: NormConstants): Channel {
  return mapped(channel, norm.gain < 0, (form) => normed(form, norm));
}

export function clampChannel(channel: Channel, { min, max }: Clamp): Channel {
  if (min === null && max === null) return channel;
  const bound = { min: min === null ? null : constantForm(min), max: max === null ? null : constantForm(max) };
  return { ...channel, bounds: [...channel.bounds, bound] };
}

/** Only where nothing is clamped yet. */
export function residualChannel(channel: Channel, scale: Dyadic, zero: number): Channel {
  return channelOf(withResidual(channel.form, scale, zero));
}

/** Only where nothing is clamped yet. */
export function negatedChannel(channel: Channel): Channel {
  return channelOf(scaled(channel.form, dyadic(-1)));
}

function mapped(channel: Channel, falls: boolean, f: (form: RealForm) => RealForm): Channel {
  const end = (x: RealForm | null): RealForm | null => x && f(x);
  const { start, form, bounds } = channel;
  return {
    start,
    form: f(form),
    bounds: bounds.map(({ min, max }) => (falls ? { min: end(max), max: end(min) } : { min: end(min), max: end(max) })),
  };
}
