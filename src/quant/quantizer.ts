/**
 * The real-valued quantizer that a layer's integer requantizer stands for, exactly:
 * y = clamp(step * (round(t - zero) + zero), least, most) with t = (p*acc + q + r*res) / d, d > 0; behind a batch norm
 * t = (p*acc + q + r*res + (p'*acc + q' + r'*res) * sqrt(num/den)) / d. It is a step function of acc, rising or falling.
 */
import type { Rounding } from '../frontend/graph.js';
import { add, commonScale, type Dyadic, dyadic, multiply, negate, ratio, squareRoot } from './rational.js';
import { roundHalves } from './rounding.js';

/** p*acc + q + r*res */
export interface Line {
  readonly p: bigint;
  readonly q: bigint;
  readonly r: bigint;
}

export interface RealQuantizer extends Line {
  readonly d: bigint;
  /** What a batch norm divides by stays a square root: num and den are not negative, den is not 0. */
  readonly root: (Line & { readonly num: bigint; readonly den: bigint }) | null;
  readonly round: Rounding;
  readonly zero: number;
  /** 2 where every other code is left out: a bipolar tensor that has a code between its two for padding. */
  readonly step: number;
  /** The requantizer's limits, one pair a layer. */
  readonly lo: number;
  readonly hi: number;
  /** Codes that this channel reaches at most, where its own clamps are narrower; within lo .. hi. */
  readonly least: number;
  readonly most: number;
}

export interface QuantizerConstants {
  /** The real value of one unit of the accumulator is step / divisor (an average pool divides by its area). */
  readonly step: Dyadic;
  readonly divisor: number;
  /** The accumulator of real zero: the input's zero times the sum of the channel's weight codes. */
  readonly accZero: number;
  readonly bias: number;
  /** Times the factor, if there is one. */
  readonly residual: { readonly scale: number; readonly zero: number; readonly factor?: Dyadic } | null;
  readonly outputScale: number;
  readonly outputZero: number;
  readonly lo: number;
  readonly hi: number;
}

/** real = step/divisor*(acc - accZero) + bias + residualScale*(res - residualZero), over outputScale; ties to even. */
export function realQuantizer(c: QuantizerConstants): RealQuantizer {
  const divisor = dyadic(c.divisor);
  const offset = multiply(c.step, dyadic(-c.accZero));
  const worth = multiply(dyadic(c.residual?.scale ?? 0), c.residual?.factor ?? dyadic(1));
  const residual = multiply(divisor, worth);
  const residualOffset = negate(multiply(residual, dyadic(c.residual?.zero ?? 0)));
  const out = multiply(divisor, dyadic(c.outputScale));
  const shift = multiply(out, dyadic(c.outputZero));
  const constant = add(add(add(offset, multiply(divisor, dyadic(c.bias))), residualOffset), shift);
  const [p, q, r, d] = commonScale([c.step, constant, residual, out]);
  const limits = { lo: c.lo, hi: c.hi, least: c.lo, most: c.hi };
  return { p: p!, q: q!, r: r!, d: d!, root: null, round: 'half-even', zero: c.outputZero, step: 1, ...limits };
}

/**
 * The signs of the values that f quantizes, as codes: those of real zero where a value is zero, else the limits. One unit of
 * the numerator is the smallest value other than zero, so that counting in units of it leaves only the three.
 */
export function signQuantizer(f: RealQuantizer): RealQuantizer {
  const steps = BigInt(Math.max(f.hi - f.zero, f.zero - f.lo));
  const zero = BigInt(f.zero);
  return { ...f, p: f.p * steps, q: (f.q - zero * f.d) * steps + zero, r: f.r * steps, d: 1n };
}

/** The code of one accumulator and residual, in exact arithmetic. */
export function evaluate(f: RealQuantizer, acc: number, res: number): number {
  const anchored = valueOn(f, acc, res) - BigInt(f.zero) * f.d;
  const { halves, exact } =
    f.root === null ? rationalHalves(f, anchored) : irrationalHalves(f, f.root, anchored, acc, res);
  const code = BigInt(f.step) * (roundHalves(f.round, halves, exact) + BigInt(f.zero));
  return code < BigInt(f.least) ? f.least : code > BigInt(f.most) ? f.most : Number(code);
}

export function valueOn(line: Line, acc: number, res: number): bigint {
  return line.p * BigInt(acc) + line.q + line.r * BigInt(res);
}

interface Halves {
  /** Largest integer not above twice the value. */
  readonly halves: bigint;
  /** The value is that half. */
  readonly exact: boolean;
}

function rationalHalves(f: RealQuantizer, numerator: bigint): Halves {
  const halves = floorDivide(2n * numerator, f.d);
  return { halves, exact: halves * f.d === 2n * numerator };
}

/** floor((2*a + 2*b*sqrt(num/den)) / d) = floor((2*a*den + floor(+-sqrt(4*b*b*num*den))) / (d*den)) */
function irrationalHalves(
  f: RealQuantizer,
  root: NonNullable<RealQuantizer['root']>,
  numerator: bigint,
  acc: number,
  res: number,
): Halves {
  const factor = valueOn(root, acc, res);
  const square = 4n * factor * factor * root.num * root.den;
  const down = squareRoot(square);
  const whole = down * down === square;
  const floor = factor >= 0n ? down : whole ? -down : -down - 1n;
  const sum = 2n * numerator * root.den + floor;
  const halves = floorDivide(sum, f.d * root.den);
  return { halves, exact: whole && halves * f.d * root.den === sum };
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** t = acc*alpha + beta + res*rho in doubles; `size` bounds what beta was summed from. */
export interface Slope {
  readonly alpha: number;
  readonly beta: number;
  readonly rho: number;
  readonly size: number;
}

export function slopeOf(f: RealQuantizer): Slope {
  const by = f.root === null ? 0 : Math.sqrt(ratio(f.root.num, f.root.den));
  const part = (rational: bigint, irrational: bigint | undefined): readonly [number, number] => [
    ratio(rational, f.d),
    irrational === undefined ? 0 : ratio(irrational, f.d) * by,
  ];
  const [a, b, c] = [part(f.p, f.root?.p), part(f.q, f.root?.q), part(f.r, f.root?.r)];
  return { alpha: a[0] + a[1], beta: b[0] + b[1], rho: c[0] + c[1], size: Math.abs(b[0]) + Math.abs(b[1]) };
}

/** The same function of -acc. */
export function mirrored(f: RealQuantizer): RealQuantizer {
  return { ...f, p: -f.p, root: f.root && { ...f.root, p: -f.root.p } };
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
