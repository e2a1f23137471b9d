/** MultiThreshold as a grid: thresholds at even distances are an ordinary quantizer that rounds down. */
import { SystoleError } from '../../base/error.js';
import type { ThresholdQuantizer } from '../../frontend/graph.js';
import { thresholdsPassed } from '../../frontend/quantizer.js';
import { add, commonScale, type Dyadic, dyadic, negate } from '../rational.js';
import type { ModelGrid } from './grid.js';

/** @throws SystoleError network-unsupported where the bias is far from a whole or half number of steps and cannot be a zero point */
export function thresholdGrid(quantizer: ThresholdQuantizer, where: string): ModelGrid {
  const { thresholds, scale } = quantizer;
  const even = thresholds.map(evenRow);
  const codes = { lo: 0, hi: thresholds[0]!.length, zeros: [zeroOf(quantizer, where)], scales: [dyadic(scale)] };
  const codeOf = (x: number, c: number): number => thresholdsPassed(quantizer, c, x);
  const floor = { added: [1], inside: false, round: 'floor', settles: false, codeOf } as const;
  if (even.some((row) => row === null)) {
    return { ...floor, ...codes, shifts: [dyadic(0)], divisors: [dyadic(1)], rows: thresholds };
  }
  const rows = even as readonly EvenRow[];
  return { ...floor, ...codes, shifts: rows.map((r) => r.first), divisors: rows.map((r) => r.distance), rows: null };
}

interface EvenRow {
  readonly first: Dyadic;
  readonly distance: Dyadic;
}

/** null where the distances differ by as little as one bit of float32. */
function evenRow(row: Float32Array): EvenRow | null {
  if (!row.every(Number.isFinite)) return null;
  const first = dyadic(row[0]!);
  if (row.length === 1) return { first, distance: dyadic(1) };
  const distance = add(dyadic(row[1]!), negate(first));
  if (distance.num === 0n) return null;
  const [from, step, ...all] = commonScale([first, distance, ...Array.from(row, dyadic)]) as [
    bigint,
    bigint,
    ...bigint[],
  ];
  return all.every((t, k) => t === from + step * BigInt(k)) ? { first, distance } : null;
}

/** Parts of one step of which a zero point may be a multiple. */
const PARTS = 256;
/** Scale and bias are float32 each: their quotient is a zero point as closely as that allows. */
const ROUNDING = 2 ** -22;

/** scale*count + bias = scale*(count - zero) */
function zeroOf({ scale, bias }: ThresholdQuantizer, where: string): number {
  const exact = -bias / scale;
  const zero = Math.round(exact * PARTS) / PARTS;
  if (Math.abs(exact - zero) <= ROUNDING * (1 + Math.abs(exact))) return zero + 0;
  throw new SystoleError('network-unsupported', 'the bias behind thresholds is no zero point', {
    where,
    expected: `a multiple of the scale by whole ${PARTS}ths`,
    actual: `${bias} with a scale of ${scale}`,
  });
}
