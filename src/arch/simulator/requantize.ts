/** y = clamp(round((acc*m + b + res*r) / 2^n), lo, hi), exact for every width of the machine. */
import type { ChannelParameters } from '../program/program.js';

/** Products and sums below this are exact in a double. */
const EXACT = 2 ** 51;

export interface Rounding {
  readonly nearestEven: boolean;
  readonly lo: number;
  readonly hi: number;
}

export function requantize(acc: number, res: number, { m, b, n, r }: ChannelParameters, how: Rounding): number {
  const product = acc * m;
  const residual = res * r;
  const offset = Number(b);
  if (Math.abs(product) < EXACT && Math.abs(residual) < EXACT && Math.abs(offset) < EXACT) {
    return clamp(roundedQuotient(product + offset + residual, n, how.nearestEven), how);
  }
  const sum = BigInt(acc) * BigInt(m) + b + BigInt(res) * BigInt(r);
  const quotient = roundedShift(sum, BigInt(n), how.nearestEven);
  if (quotient < BigInt(how.lo)) return how.lo;
  return quotient > BigInt(how.hi) ? how.hi : Number(quotient);
}

function clamp(value: number, { lo, hi }: Rounding): number {
  return Math.min(hi, Math.max(lo, value));
}

/** Division by a power of two is exact in a double while no bit falls off its end; |sum| < 2^53, n < 64. */
function roundedQuotient(sum: number, n: number, nearestEven: boolean): number {
  const quotient = sum / 2 ** n;
  const floor = Math.floor(quotient);
  if (!nearestEven) return floor;
  const rest = quotient - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function roundedShift(sum: bigint, n: bigint, nearestEven: boolean): bigint {
  const floor = sum >> n;
  if (!nearestEven || n === 0n) return floor;
  const twice = (sum - (floor << n)) * 2n;
  const unit = 1n << n;
  return twice > unit || (twice === unit && (floor & 1n) === 1n) ? floor + 1n : floor;
}
