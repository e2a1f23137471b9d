/**
 * The real-valued quantizer that a layer's integer requantizer stands for, exactly:
 * y = clamp(roundHalfEven(t - zero) + zero, lo, hi) with t = (p*acc + q + r*res) / d, d > 0, p >= 0.
 * It is a step function of acc; this file finds its steps without error.
 */
import { add, ceilDivide, commonScale, dyadic, multiply, negate } from './rational.js';

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
  /** Weight scale of the channel times the input's scale are multiplied exactly. */
  readonly weightScale: number;
  readonly inputScale: number;
  readonly inputZero: number;
  /** Sum of the channel's weight codes. */
  readonly weightSum: number;
  readonly bias: number;
  readonly residual: { readonly scale: number; readonly zero: number } | null;
  readonly outputScale: number;
  readonly outputZero: number;
  readonly lo: number;
  readonly hi: number;
}

/** real = weightScale*inputScale*(acc - inputZero*weightSum) + bias + residualScale*(res - residualZero), over outputScale. */
export function realQuantizer(c: QuantizerConstants): RealQuantizer {
  const step = multiply(dyadic(c.weightScale), dyadic(c.inputScale));
  const offset = multiply(step, dyadic(-c.inputZero * c.weightSum));
  const residual = dyadic(c.residual?.scale ?? 0);
  const residualOffset = negate(multiply(residual, dyadic(c.residual?.zero ?? 0)));
  const out = dyadic(c.outputScale);
  const shift = multiply(out, dyadic(c.outputZero));
  const constant = add(add(add(offset, dyadic(c.bias)), residualOffset), shift);
  const [p, q, r, d] = commonScale([step, constant, residual, out]);
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
  const code = Number(rounded) + f.zero;
  return Math.min(f.hi, Math.max(f.lo, code));
}

/**
 * The smallest accumulator whose code is at least k: ceil of a rational. `steps(res)` prepares one residual value.
 * A double decides it wherever the rational is not within 1e-6 of an integer (its error is below 1e-8 for |acc| < 2^31);
 * the others are settled in integers.
 */
export function stepFinder(f: RealQuantizer): (res: number, k: number) => number {
  const scale = Number(f.d) / Number(f.p);
  const base = Number(f.q) / Number(f.p);
  const slope = Number(f.r) / Number(f.p);
  return (res, k) => {
    const estimate = (k - 0.5) * scale - base - slope * res;
    const nearest = Math.round(estimate);
    if (Math.abs(estimate - nearest) > 1e-6 && Math.abs(estimate) < 2 ** 31) return Math.ceil(estimate);
    return exactStep(f, res, k);
  };
}

function exactStep(f: RealQuantizer, res: number, k: number): number {
  const bound = (2n * BigInt(k) - 1n) * f.d - 2n * (f.q + f.r * BigInt(res));
  // A tie rounds to k when k - zero is even; else the step is just behind it.
  const tieCounts = ((k - f.zero) & 1) === 0;
  const step = tieCounts ? ceilDivide(bound, 2n * f.p) : ceilDivide(bound + 1n, 2n * f.p);
  return Number(step);
}
