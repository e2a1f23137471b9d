import type { ConvLayer } from '../network.js';
import { dyadic } from '../rational.js';
import { bareConv } from './bare-layer.js';
import { countingOf } from './counting.js';
import type { CurvedLayer } from './curved-layers.js';
import { identityPending } from './layer-base.js';
import { bitsOf } from './network-parts.js';
import type { Coded, WindowBase } from './values.js';

/** The layer with a 0/1 channel for each step, the pools on those, and the convolution that counts. */
export function countedCodes({ parts, pending, runs, down, worth, output, sources }: CurvedLayer): Coded {
  const base = pending.base as WindowBase;
  const { each, bits, weights, first } = countingOf(runs, down);
  const { shape, pools } = pending;
  const many = shape.channels * each;
  const name = parts.unusedTensor(`${output}.steps`);
  const spread = { ...pending, base: { ...base, weights: repeated(base.weights, shape.channels, each) } };
  const wide = { ...spread, shape: { ...shape, channels: many } };
  const steps = parts.addCodes(name, wide.shape, { scales: [dyadic(1)], zero: 0, most: 1 });
  const exactness = { kind: runs.every((own) => own.proven) ? 'exact' : 'exact-in-range' } as const;
  const conv = bareConv(wide.base, wide, parts.setting(pending, name, []));
  parts.add({ ...conv, requantize: { ...bits, round: 'floor', lo: 0, hi: 1, residual: null }, exactness });
  const widePools = pools.map((pool) => ({ ...pool, shape: { ...pool.shape, channels: many } }));
  const pooled = parts.pooled(widePools, steps, parts.unusedTensor(`${output}.pooled`));
  const to = pools.at(-1)?.shape ?? shape;
  const made = parts.addCodes(output, to, worth);
  const count = identityPending({ name: `${pending.base.name}.count`, output, sources }, pooled, to);
  const most = weights.reduce((size, w) => Math.max(size, Math.abs(w)), 1);
  const counting = { ...(count.base as WindowBase), groups: 1, weights: narrow(weights), weightBits: bitsOf(most) + 1 };
  const constants = { m: first.map(() => 1), b: first.map(BigInt), n: first.map(() => 0) };
  const layer: ConvLayer = bareConv(counting, { ...count, base: counting }, parts.setting(count, output, sources));
  parts.add({
    ...layer,
    requantize: { ...constants, round: 'floor', lo: 0, hi: worth.most, residual: null },
    exactness,
  });
  return made;
}

/** Each channel's weights as many times one after the other. */
function repeated(weights: WindowBase['weights'], channels: number, each: number): WindowBase['weights'] {
  const taps = weights.length / channels;
  const out =
    weights instanceof Int8Array ? new Int8Array(weights.length * each) : new Int16Array(weights.length * each);
  for (let c = 0; c < channels; c++) {
    const own = weights.subarray(c * taps, (c + 1) * taps);
    for (let k = 0; k < each; k++) out.set(own, (c * each + k) * taps);
  }
  return out;
}

function narrow(weights: Int16Array): WindowBase['weights'] {
  return weights.every((w) => w >= -128 && w < 128) ? Int8Array.from(weights) : weights;
}
