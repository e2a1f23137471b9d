/** Codes on a grid that has a code for zero, and one zero for all channels: multiples of the codes, moved. */
import { SystoleError } from '../../base/error.js';
import { dyadic, multiply } from '../rational.js';
import type { NetworkParts } from './network-parts.js';
import type { Coded } from './values.js';

/** Zero points that are no such part of a step would ask for codes of too many bits. */
const FINEST = 2 ** 15;

/** @throws SystoleError network-unsupported */
export function wholeZero(parts: NetworkParts, codes: Coded): Coded {
  if (Number.isInteger(codes.zero)) return codes;
  const name = `${codes.tensor}.fine`;
  if (parts.tensors.has(name)) return fineCodes(codes, name, finenessOf([codes.zero], name));
  const times = finenessOf([codes.zero], codes.tensor);
  const { channels } = parts.tensors.get(codes.tensor)!;
  const by = { m: new Array<number>(channels).fill(times), b: new Array<number>(channels).fill(0) };
  return parts.moved(codes, by, fineCodes(codes, name, times), name);
}

function fineCodes(codes: Coded, tensor: string, times: number): Coded {
  const scales = codes.scales.map((scale) => multiply(scale, dyadic(1 / times)));
  return { kind: 'coded', tensor, scales, zero: times * codes.zero, most: times * codes.most };
}

/** @param zeros of the channels @throws SystoleError network-unsupported */
export function commonZero(parts: NetworkParts, own: Coded, zeros: readonly number[], output: string): Coded {
  const times = finenessOf(
    zeros.map((zero) => zero - zeros[0]!),
    output,
  );
  const zero = times * Math.max(...zeros);
  const b = zeros.map((z) => zero - times * z);
  const scales = own.scales.map((scale) => multiply(scale, dyadic(1 / times)));
  const to = { scales, zero, most: times * own.most + Math.max(...b) };
  return parts.moved(own, { m: b.map(() => times), b }, to, output);
}

/** The smallest power of two that makes all of them whole. */
function finenessOf(values: readonly number[], where: string): number {
  let times = 1;
  while (!values.every((x) => Number.isInteger(times * x))) times *= 2;
  if (times <= FINEST) return times;
  throw new SystoleError(
    'network-unsupported',
    'a tensor that is padded, multiplied or has a zero point a channel has no code for zero',
    {
      where,
      expected: 'whole zero points, or halves, quarters ...',
      actual: values.join(' '),
    },
  );
}
