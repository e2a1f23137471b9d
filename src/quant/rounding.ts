/** Rounding modes, exactly: where each code begins, and what becomes of a number known to half a unit. */
import type { Rounding } from '../frontend/graph.js';

/** Code k or more is reached from halves/2 on; with `closed` at halves/2 itself, else only behind it. */
export interface Threshold {
  readonly halves: number;
  readonly closed: boolean;
}

/** Where round(t) becomes k or more. */
export function thresholdOf(round: Rounding, k: number): Threshold {
  switch (round) {
    case 'half-even':
      return { halves: 2 * k - 1, closed: k % 2 === 0 };
    case 'half-up':
      return { halves: 2 * k - 1, closed: true };
    case 'half-down':
      return { halves: 2 * k - 1, closed: false };
    case 'half-away':
      return { halves: 2 * k - 1, closed: k > 0 };
    case 'half-to-zero':
      return { halves: 2 * k - 1, closed: k <= 0 };
    case 'floor':
      return { halves: 2 * k, closed: true };
    case 'ceil':
      return { halves: 2 * k - 2, closed: false };
    case 'to-zero':
      return k > 0 ? { halves: 2 * k, closed: true } : { halves: 2 * k - 2, closed: false };
    case 'away':
      return k > 0 ? { halves: 2 * k - 2, closed: false } : { halves: 2 * k, closed: true };
  }
}

/** round(t) for t = halves/2 (exact), or else between halves/2 and (halves + 1)/2. */
export function roundHalves(round: Rounding, halves: bigint, exact: boolean): bigint {
  const floor = halves >> 1n;
  const upperHalf = (halves & 1n) === 1n;
  if (exact && !upperHalf) return floor;
  return floor + (goesUp(round, floor, upperHalf, exact) ? 1n : 0n);
}

/** `tie`, in the upper half: exactly between floor and floor + 1. */
function goesUp(round: Rounding, floor: bigint, upperHalf: boolean, tie: boolean): boolean {
  switch (round) {
    case 'floor':
      return false;
    case 'ceil':
      return true;
    case 'to-zero':
      return floor < 0n;
    case 'away':
      return floor >= 0n;
    default:
      return tie ? tieGoesUp(round, floor) : upperHalf;
  }
}

type Halving = Exclude<Rounding, 'floor' | 'ceil' | 'to-zero' | 'away'>;

function tieGoesUp(round: Halving, floor: bigint): boolean {
  switch (round) {
    case 'half-even':
      return (floor & 1n) === 1n;
    case 'half-up':
      return true;
    case 'half-down':
      return false;
    case 'half-away':
      return floor >= 0n;
    case 'half-to-zero':
      return floor < 0n;
  }
}
