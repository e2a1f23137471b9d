/**
 * The real-valued quantizer that a layer's integer requantizer stands for, exactly:
 * y = clamp(roundHalfEven(t - zero) + zero, lo, hi) with t = (p*acc + q + r*res) / d, d > 0, p >= 0, r >= 0.
 * It is a step function of acc.
 */
import { add, commonScale, type Dyadic, dyadic, multiply, negate } from './rational.js';

export interface RealQuantizer {
  readonly p: bigint;
  readonly q: bigint;
  readonly r: bigint;
  readonly d: bigint;
  readonly zero: number;
  readonly lo: number;
  readonly hi: number;
}

export interface QuantizerConstants {
  /** The real value of one unit of the accumulator is step / divisor (an average pool divides by its area). */
  readonly step: Dyadic;
  readonly divisor: number;
  /** The accumulator of real zero: the input's zero times the sum of the channel's weight codes. */
  readonly accZero: number;
  readonly bias: number;
  readonly residual: { readonly scale: number; readonly zero: number } | null;
  readonly outputScale: number;
  readonly outputZero: number;
  readonly lo: number;
  readonly hi: number;
}

/** real = step/divisor*(acc - accZero) + bias + residualScale*(res - residualZero), over outputScale. */
export function realQuantizer(c: QuantizerConstants): RealQuantizer {
  const divisor = dyadic(c.divisor);
  const offset = multiply(c.step, dyadic(-c.accZero));
  const residual = multiply(divisor, dyadic(c.residual?.scale ?? 0));
  const residualOffset = negate(multiply(residual, dyadic(c.residual?.zero ?? 0)));
  const out = multiply(divisor, dyadic(c.outputScale));
  const shift = multiply(out, dyadic(c.outputZero));
  const constant = add(add(add(offset, multiply(divisor, dyadic(c.bias))), residualOffset), shift);
  const [p, q, r, d] = commonScale([c.step, constant, residual, out]);
  return { p: p!, q: q!, r: r!, d: d!, zero: c.outputZero, lo: c.lo, hi: c.hi };
}

/** The code of one accumulator and residual, in exact arithmetic. */
export function evaluate(f: RealQuantizer, acc: number, res: number): number {
  const numerator = f.p * BigInt(acc) + f.q + f.r * BigInt(res) - BigInt(f.zero) * f.d;
  const twice = 2n * numerator + f.d;
  let rounded = twice / (2n * f.d);
  const rest = twice % (2n * f.d);
  if (rest < 0n) rounded -= 1n;
  // The exact half went up: back down when that made it odd.
  if (rest === 0n && (rounded & 1n) !== 0n) rounded -= 1n;
  const code = rounded + BigInt(f.zero);
  return code < BigInt(f.lo) ? f.lo : code > BigInt(f.hi) ? f.hi : Number(code);
}

/** The code of a real value: clamp(roundHalfEven(real / scale) + zero, 0, top), without rounding error. */
export function codeOf(real: number, tensor: { readonly scale: number; readonly zero: number }, top: number): number {
  const f = realQuantizer({
    step: dyadic(0),
    divisor: 1,
    accZero: 0,
    bias: real,
    residual: null,
    outputScale: tensor.scale,
    outputZero: tensor.zero,
    lo: 0,
    hi: top,
  });
  return evaluate(f, 0, 0);
}
