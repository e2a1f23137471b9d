/** Leaky functions of codes that no table holds: what is above zero and what is below, as two operands of one sum. */
import type { PointwiseNode } from '../../frontend/graph.js';
import { dyadic, multiply } from '../rational.js';
import { residualChannel } from './channel.js';
import { ofChannel } from './grid.js';
import { identityPending } from './layer-base.js';
import { mapOf, type NetworkParts } from './network-parts.js';
import type { Coded, Pending } from './values.js';

/** null where a table is enough, or the function is another one. */
export function splitCodes(parts: NetworkParts, node: PointwiseNode, codes: Coded): Pending | null {
  const slopes = slopesOf(node);
  if (slopes === null || !Number.isInteger(codes.zero)) return null;
  const functions = Math.max(new Set(slopes).size, codes.scales.length);
  if (functions * (codes.most + 1) <= 2 ** parts.options.tableBits) return null;
  const shape = mapOf(parts.tensors.get(codes.tensor)!);
  const { scales, zero, most } = codes;
  const all = new Array<number>(shape.channels);
  const side = (sign: 1 | -1, reach: number, name: string): Coded => {
    const by = { m: [...all.fill(sign)], b: [...all.fill(-sign * zero)] };
    return parts.moved(codes, by, { scales, zero: 0, most: Math.max(1, reach) }, parts.unusedTensor(name));
  };
  const above = side(1, most - zero, `${node.output}.above`);
  const below = side(-1, zero, `${node.output}.below`);
  const pending = identityPending(node, above, shape);
  const channels = pending.channels.map((channel, c) => {
    const slope = -ofChannel([...slopes], c);
    return residualChannel(channel, multiply(ofChannel(scales, c), dyadic(slope)), 0);
  });
  return { ...pending, channels, residual: below };
}

function slopesOf({ fn, alpha, slopes }: PointwiseNode): Float32Array | null {
  if (fn === 'prelu') return slopes!;
  return fn === 'leakyrelu' ? Float32Array.of(alpha) : null;
}
