/** QuantAvgPool2d of FINN: the sum of integers over a window without its lowest bits. */
import { emitAffine, emitPool, emitQuant, imageValue } from '../import/emit.js';
import { imageOf } from '../import/image.js';
import { mapOperand } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import { partOf } from '../import/state.js';
import type { Value } from '../import/value.js';
import type { ImportCall } from './operator.js';

/** Sums keep as many bits as `obits` says: those above them in the largest sum of `ibits` are shifted out. */
export function importQuantAveragePool(call: ImportCall): readonly Value[] {
  const value = mapOperand(call, 0);
  const input = imageOf(call, value);
  const [k, s] = [call.attributes.int('kernel'), call.attributes.int('stride')];
  const [ibits, obits] = [call.attributes.int('ibits'), call.attributes.int('obits')];
  if (k < 1 || s < 1 || k > Math.min(input.height, input.width) || ibits < 1 || ibits > 16 || obits < 1 || obits > 32) {
    throw limit(call, 'the window or the bits are impossible', { actual: `kernel ${k}, stride ${s}, ${ibits} bits` });
  }
  const most = (2 ** ibits - 1) * k * k;
  const shift = 2 ** Math.max(0, Math.floor(Math.log2(most)) + 1 - obits);
  const size = (n: number): number => Math.floor((n - k) / s) + 1;
  const placed = {
    window: { kernel: [k, k], strides: [s, s], dilations: [1, 1], pads: [0, 0, 0, 0] },
    output: { height: size(input.height), width: size(input.width) },
    padded: false,
    overhang: [0, 0],
  } as const;
  const average = imageValue(emitPool(partOf(call, 'average', 'intermediate'), 'averagepool', input, placed), 4);
  const scalar = (x: number) => ({ shape: [], data: Float32Array.of(x) });
  // Half of one keeps whole sums from falling below themselves when they are rounded.
  const sum = emitAffine(partOf(call, 'sum', 'between'), average, scalar((k * k) / shift), scalar(0.5 / shift));
  const [lo, hi] = [call.attributes.int('signed') === 1 ? -Math.ceil(most / shift) : 0, Math.floor(most / shift)];
  const unit = { scale: Float32Array.of(1), zero: Float32Array.of(0) };
  const part = partOf(call, 'shifted', 'output');
  return [emitQuant(part, sum, { kind: 'uniform', ...unit, lo, hi, round: 'floor', zeroInside: false })];
}
