/** Scales of single channels as whole multiples of one. */
import { commonScale, type Dyadic } from '../rational.js';

export interface ScaleUnit {
  readonly scale: Dyadic;
  /** One for each scale. */
  readonly times: readonly number[];
}

/** null where the multiples are too large to be counted. */
export function commonUnit(scales: readonly Dyadic[]): ScaleUnit | null {
  const whole = commonScale(scales);
  const unit = whole.reduce(greatestDivisor);
  const times = whole.map((s) => Number(s / unit));
  if (!times.every(Number.isSafeInteger)) return null;
  return { scale: { num: unit, exp: Math.min(...scales.map((s) => s.exp)) }, times };
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestDivisor(b, a % b);
}
