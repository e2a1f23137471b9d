/** Requantization of whole maps, in doubles where their sums are exact and in unbounded integers where they might not be. */
import { requantize } from '../golden.js';
import type { Requantize } from '../network.js';
import type { AccRange } from '../steps.js';

export type MapRequantizer = (accumulators: Int32Array, residual: Int32Array | null) => Int32Array;

/** Integers below this, and their sums, are exact doubles. */
const EXACT = 2 ** 53;

/**
 * Writes over the accumulators it is given. The constants' signs are any.
 * @param ranges of each channel's accumulators
 * @param mostResidual the residual's largest code
 */
export function prepareRequantizer(q: Requantize, ranges: readonly AccRange[], mostResidual: number): MapRequantizer {
  const channels = q.m.length;
  const { table } = q;
  const m = Float64Array.from(q.m);
  const b = Float64Array.from(q.b, Number);
  const r = Float64Array.from(q.residual?.m ?? q.m.map(() => 0));
  const unit = Float64Array.from(q.n, (n) => 2 ** -n);
  const exact = ranges.map(({ min, max }, c) => {
    const product = Math.max(-min, max) * Math.abs(m[c]!);
    return product + Math.abs(b[c]!) + mostResidual * Math.abs(r[c]!) < EXACT;
  });
  const toEven = q.round === 'nearest-even';
  return (values, residual) => {
    for (let i = 0, c = 0; i < values.length; i++, c = c + 1 === channels ? 0 : c + 1) {
      const res = residual === null ? 0 : residual[residual.length === channels ? c : i]!;
      if (!exact[c]) {
        values[i] = requantize(values[i]!, res, q, c);
        continue;
      }
      // A product with a power of two is exact, and so is what its floor leaves.
      const scaled = (values[i]! * m[c]! + b[c]! + res * r[c]!) * unit[c]!;
      let y = Math.floor(scaled);
      if (toEven) {
        const rest = scaled - y;
        if (rest > 0.5 || (rest === 0.5 && y % 2 !== 0)) y += 1;
      }
      y = y < q.lo ? q.lo : y > q.hi ? q.hi : y;
      values[i] = table ? table[y]! : y;
    }
    return values;
  };
}
