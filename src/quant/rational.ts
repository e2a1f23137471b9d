/** Exact arithmetic on the model's own constants: every finite double is an integer times a power of two. */

/** num * 2^exp */
export interface Dyadic {
  readonly num: bigint;
  readonly exp: number;
}

/** A finite double, exactly. */
export function dyadic(value: number): Dyadic {
  if (value === 0) return { num: 0n, exp: 0 };
  let mantissa = value;
  let exp = 0;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exp -= 1;
  }
  // Large integers stay exact: a double that is an integer converts without loss.
  return { num: BigInt(mantissa), exp };
}

export function multiply(a: Dyadic, b: Dyadic): Dyadic {
  return { num: a.num * b.num, exp: a.exp + b.exp };
}

export function add(a: Dyadic, b: Dyadic): Dyadic {
  const exp = Math.min(a.exp, b.exp);
  return { num: (a.num << BigInt(a.exp - exp)) + (b.num << BigInt(b.exp - exp)), exp };
}

export function negate(a: Dyadic): Dyadic {
  return { num: -a.num, exp: a.exp };
}

/** The values over one power of two, as integers. */
export function commonScale(values: readonly Dyadic[]): bigint[] {
  const exp = Math.min(...values.map((v) => v.exp));
  return values.map((v) => v.num << BigInt(v.exp - exp));
}

/** Rounded towards plus infinity; the divisor is positive. */
export function ceilDivide(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b > 0n ? q + 1n : q;
}

export function toNumber({ num, exp }: Dyadic): number {
  return exp >= 0 ? Number(num << BigInt(exp)) : ratio(num, 1n << BigInt(-exp));
}

/** A whole number of times. */
export function isMultiple(a: Dyadic, of: Dyadic): boolean {
  const [n, d] = commonScale([a, of]) as [bigint, bigint];
  return n % d === 0n;
}

/** a / b as a double, whatever their size; b is positive. */
export function ratio(a: bigint, b: bigint): number {
  const [n, d] = [Number(a), Number(b)];
  if (Number.isFinite(n) && Number.isFinite(d)) return n / d;
  const shift = BigInt(Math.max(bitLength(a), bitLength(b)) - KEPT_BITS);
  return Number(a >> shift) / Number(b >> shift);
}

/** Enough for a quotient of full precision where neither operand is tiny beside the other. */
const KEPT_BITS = 1000;

function bitLength(a: bigint): number {
  return (a < 0n ? -a : a).toString(16).length * 4;
}

/** The largest integer whose square is not above `a`. */
export function squareRoot(a: bigint): bigint {
  if (a < 2n) return a;
  let guess = 1n << BigInt(Math.ceil((bitLength(a) + 1) / 2));
  for (;;) {
    const next = (guess + a / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}
