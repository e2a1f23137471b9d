/**
 * What a model makes of an accumulator, exactly: a line in the accumulator and the residual's code, on the model's own
 * float32 constants. Behind a batch norm a second line is multiplied by the root of a rational number.
 */
import type { RealQuantizer } from '../quantizer.js';
import { add, commonScale, type Dyadic, dyadic, multiply, ratio, squareRoot } from '../rational.js';

/** acc*p + q + res*r */
interface RealLine {
  readonly p: Dyadic;
  readonly q: Dyadic;
  readonly r: Dyadic;
}

/** (line + root.line * sqrt(1/root.square)) / divisor */
export interface RealForm {
  readonly line: RealLine;
  readonly root: { readonly line: RealLine; readonly square: Dyadic } | null;
  /** An average pool's area, else 1. */
  readonly divisor: Dyadic;
  /** A root was rounded on the way. */
  readonly rounded?: boolean;
}

export interface NormConstants {
  readonly gain: number;
  readonly bias: number;
  readonly mean: number;
  readonly variance: number;
  readonly epsilon: number;
}

const ZERO = dyadic(0);
const ONE = dyadic(1);

/** step*(acc - accZero) / divisor */
export function accumulatorForm(step: Dyadic, accZero: number, divisor: number): RealForm {
  const line = { p: step, q: multiply(step, dyadic(-accZero)), r: ZERO };
  return { line, root: null, divisor: dyadic(divisor) };
}

export function constantForm(value: number): RealForm {
  return { line: { p: ZERO, q: dyadic(value), r: ZERO }, root: null, divisor: ONE };
}

export function scaled(form: RealForm, by: Dyadic): RealForm {
  const root = form.root && { ...form.root, line: scaledLine(form.root.line, by) };
  return { ...form, line: scaledLine(form.line, by), root };
}

export function divided(form: RealForm, by: number): RealForm {
  const upright = by < 0 ? scaled(form, dyadic(-1)) : form;
  return { ...upright, divisor: multiply(upright.divisor, dyadic(Math.abs(by))) };
}

export function shifted(form: RealForm, by: Dyadic): RealForm {
  return { ...form, line: { ...form.line, q: add(form.line.q, multiply(form.divisor, by)) } };
}

/** Plus scale*(res - zero). */
export function withResidual(form: RealForm, scale: Dyadic, zero: number): RealForm {
  const moved = shifted(form, multiply(scale, dyadic(-zero)));
  return { ...moved, line: { ...moved.line, r: add(moved.line.r, multiply(form.divisor, scale)) } };
}

/**
 * (x - mean) * gain / sqrt(variance + epsilon) + bias. Behind another batch norm the two roots meet in one, that of the product
 * of what is under them; what remains is a constant over the second root alone, kept to ROOT_BITS binary places.
 */
export function normed(form: RealForm, norm: NormConstants): RealForm {
  const centred = scaled(shifted(form, dyadic(-norm.mean)), dyadic(norm.gain));
  const square = add(dyadic(norm.variance), dyadic(norm.epsilon));
  if (form.root === null) {
    const line = { p: ZERO, q: ZERO, r: ZERO };
    return shifted({ ...centred, line, root: { line: centred.line, square } }, dyadic(norm.bias));
  }
  const root = { line: centred.root!.line, square: multiply(form.root.square, square) };
  const by = inverseRoot(square);
  return shifted({ ...centred, line: scaledLine(centred.line, by), root, rounded: true }, dyadic(norm.bias));
}

/** Far beyond what float32 constants and 32-bit accumulators can bring near a tie without meeting it. */
const ROOT_BITS = 512;

/** 1/sqrt(x), x positive. */
function inverseRoot(x: Dyadic): Dyadic {
  const even = x.exp % 2 === 0 ? x : { num: x.num << 1n, exp: x.exp - 1 };
  const root = squareRoot((1n << BigInt(4 * ROOT_BITS)) / even.num);
  return { num: root, exp: -2 * ROOT_BITS - even.exp / 2 };
}

/** The same values, the accumulator counted from `zero` on. */
export function countedFrom(form: RealForm, zero: number): RealForm {
  const moved = (line: RealLine): RealLine => ({ ...line, q: add(line.q, multiply(line.p, dyadic(zero))) });
  return { ...form, line: moved(form.line), root: form.root && { ...form.root, line: moved(form.root.line) } };
}

/** Factor and offset of the accumulator as doubles. */
export function slopeAndOffset({ line, root, divisor }: RealForm): readonly [number, number] {
  const value = (x: Dyadic, irrational: Dyadic): number => {
    const by = root === null ? 0 : Math.sqrt(quotient(ONE, root.square));
    return quotient(x, divisor) + by * quotient(irrational, divisor);
  };
  return [value(line.p, root?.line.p ?? ZERO), value(line.q, root?.line.q ?? ZERO)];
}

export interface CodeScale {
  readonly scale: Dyadic;
  /** code = round(x/scale + zero) or round(x/scale) + zero, then minus `base`. */
  readonly zero: number;
  readonly base: number;
}

/** t = form/scale + zero - base, over one denominator. */
export function quotientOf(
  { line, root, divisor }: RealForm,
  { scale, zero, base }: CodeScale,
): Pick<RealQuantizer, 'p' | 'q' | 'r' | 'd' | 'root'> {
  const out = multiply(divisor, scale);
  const constant = add(line.q, multiply(out, dyadic(zero - base)));
  const below = root?.line ?? { p: ZERO, q: ZERO, r: ZERO };
  const values = commonScale([line.p, constant, line.r, out, below.p, below.q, below.r]);
  const [p, q, r, d, rootP, rootQ, rootR] = values as [bigint, bigint, bigint, bigint, bigint, bigint, bigint];
  if (root === null) return { p, q, r, d, root: null };
  const [num, den] = commonScale([ONE, root.square]) as [bigint, bigint];
  return { p, q, r, d, root: { p: rootP, q: rootQ, r: rootR, num, den } };
}

function scaledLine({ p, q, r }: RealLine, by: Dyadic): RealLine {
  return { p: multiply(p, by), q: multiply(q, by), r: multiply(r, by) };
}

function quotient(a: Dyadic, b: Dyadic): number {
  const [n, d] = commonScale([a, b]) as [bigint, bigint];
  return ratio(n, d);
}
