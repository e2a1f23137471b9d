/** Requantization of whole maps, in doubles where their sums are exact and in unbounded integers where they might not be. */
import { accRanges } from '../acc-range.js';
import { requantize } from '../golden.js';
import type { ConvLayer, Requantize } from '../network.js';

type MapRequantizer = (accumulators: Int32Array, residual: Int32Array | null) => Int32Array;

/** Integers below this, and their sums, are exact doubles. */
const EXACT = 2 ** 53;

/**
 * Writes over the accumulators it is given. The constants' signs are any.
 * @param mostCode the input's largest code
 * @param mostResidual the residual's
 */
export function prepareRequantizer(
  layer: ConvLayer,
  q: Requantize,
  mostCode: number,
  mostResidual: number,
): MapRequantizer {
  const channels = q.m.length;
  const m = Float64Array.from(q.m);
  const b = Float64Array.from(q.b, Number);
  const r = Float64Array.from(q.residual?.m ?? q.m.map(() => 0));
  const unit = Float64Array.from(q.n, (n) => 2 ** -n);
  const exact = accRanges(layer.weights, channels, mostCode).map(({ min, max }, c) => {
    const product = Math.max(-min, max) * Math.abs(m[c]!);
    return product + Math.abs(b[c]!) + mostResidual * Math.abs(r[c]!) < EXACT;
  });
  const toEven = q.round === 'nearest-even';
  return (values, residual) => {
    for (let i = 0, c = 0; i < values.length; i++, c = c + 1 === channels ? 0 : c + 1) {
      const res = residual === null ? 0 : residual[i]!;
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
      values[i] = y < q.lo ? q.lo : y > q.hi ? q.hi : y;
    }
    return values;
  };
}
