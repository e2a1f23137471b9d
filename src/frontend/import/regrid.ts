/** Codes of one grid, read on another one. */
import type { ImportCall } from '../operators/operator.js';
import { linearQuantizer } from '../quantizer.js';
import { chained, type Link } from './chain.js';
import { emitAffine, emitQuant, OPEN } from './emit.js';
import { limit } from './refuse.js';
import type { MapValue } from './value.js';

/** Codes of activations; sums of products have more. */
const MOST_CODES = 2 ** 16;

const scalar = (x: number) => ({ shape: [], data: Float32Array.of(x) });

/**
 * scale * (code - zero) for the codes of a value, which are those of its own grid: (x / own scale + own zero - zero) * scale.
 * Codes of up to 16 bits are on the new grid for the array too.
 * @throws SystoleError operator-limit for a grid of several scales
 */
export function regridded(call: ImportCall, value: MapValue, scale: number, zero: number): MapValue {
  const { grid, ...real } = value;
  const { quantizer } = grid!;
  if (quantizer.scale.length > 1 || quantizer.zero.length > 1) {
    throw limit(call, 'codes with a scale for each channel are read in another way than they were made', {
      expected: 'the scales and zero points that they were made with',
    });
  }
  const [ownScale, ownZero] = [quantizer.scale[0]!, quantizer.zero[0]!];
  if (ownScale === scale && ownZero === zero && grid!.unmade === undefined) return real;
  const [inverse, shift] = [scalar(1 / ownScale), scalar(ownZero - zero)];
  const isProduct = Number.isInteger(Math.log2(ownScale));
  const divisor = isProduct ? {} : { divisor: Float32Array.of(ownScale) };
  const links: Link[] = [];
  if (ownScale !== 1 || ownZero !== zero) links.push((c, v) => emitAffine(c, v, inverse, shift, OPEN, divisor));
  if (scale !== 1) links.push((c, v) => emitAffine(c, v, scalar(scale), null));
  const { lo, hi } = quantizer;
  if (hi - lo < MOST_CODES) {
    const target = linearQuantizer(Float32Array.of(scale), Float32Array.of(zero), [lo, hi]);
    links.push((c, v) => emitQuant(c, v, target));
  }
  return chained(call, real, links, 'regrid');
}
