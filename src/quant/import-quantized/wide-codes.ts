/** Accumulators themselves as codes, where 16 bits hold them: what follows is a function of codes. */
import { add, type Dyadic, dyadic, multiply } from '../rational.js';
import { bareLayer, reachableRanges } from './bare-layer.js';
import { identityPending } from './layer-base.js';
import type { NetworkParts } from './network-parts.js';
import type { RealForm } from './real-form.js';
import { commonUnit } from './scale-unit.js';
import type { Pending } from './values.js';

const MOST_CODE = 2 ** 16 - 1;
/** More binary places than any number of units has factors of two. */
const ROOM = 64;

/** null where more than 16 bits are needed, or accumulator and residual have no common unit. */
export function wideCodes(parts: NetworkParts, pending: Pending): Pending | null {
  const { channels, residual, pools, falls, shape } = pending;
  const ranges = reachableRanges(pending);
  const times = channels.map(({ form }) => timesOf(form));
  if (!times.every((t) => t !== null)) return null;
  const turned = times.map(([p, r], c) => (falls[c] ? ([-p, -r] as const) : ([p, r] as const)));
  const ends = turned.map(([p, r], c) => {
    const { min, max } = ranges[c]!;
    const sums = [p * min, p * max].flatMap((x) => [x, x + r * (residual?.most ?? 0)]);
    return [Math.min(...sums), Math.max(...sums)] as const;
  });
  const most = Math.max(...ends.map(([least, largest]) => largest - least));
  if (most > MOST_CODE) return null;
  const name = parts.unusedTensor(pools.length > 0 ? pending.output : `${pending.output}.whole`);
  const first = parts.addCodes(name, shape, { scales: [dyadic(1)], zero: 0, most });
  const constants = { m: turned.map(([p]) => p), b: ends.map(([least]) => BigInt(-least)), n: turned.map(() => 0) };
  const res = residual && { tensor: residual.tensor, m: turned.map(([, r]) => r) };
  parts.add({
    ...bareLayer(pending, parts.setting(pending, name, [])),
    requantize: { ...constants, round: 'floor', lo: 0, hi: most, residual: res },
  } as Parameters<NetworkParts['add']>[0]);
  const codes = parts.pooled(pools, first, parts.unusedTensor(`${pending.output}.pooled`));
  const named = { name: `${pending.base.name}.whole`, output: pending.output, sources: [] };
  const identity = identityPending(named, codes, pools.at(-1)?.shape ?? shape);
  return {
    ...pending,
    ...{ base: identity.base, input: codes, shape: identity.shape, residual: null, pools: [], sources: [] },
    falls: falls.map(() => false),
    channels: channels.map((channel, c) => {
      const on = (form: RealForm): RealForm => onCodes(form, turned[c]!, ends[c]![0]);
      return { ...channel, start: on(channel.start), form: on(channel.form) };
    }),
  };
}

/** Of accumulator and residual: how many units each of them is, the accumulator's sign that of its slope. */
function timesOf({ line, root }: RealForm): readonly [number, number] | null {
  const used = [line, ...(root === null ? [] : [root.line])].filter(({ p, r }) => p.num !== 0n || r.num !== 0n);
  // One of them under a root and the other one not: there is no unit of both.
  if (used.length > 1) return null;
  const { p, r } = used[0] ?? line;
  if (r.num === 0n) return [p.num < 0n ? -1 : 1, 0];
  if (p.num === 0n) return null;
  const unit = commonUnit([size(p), size(r)]);
  return unit && [sign(p) * unit.times[0]!, sign(r) * unit.times[1]!];
}

/** acc*p + res*r = (code + least) * unit */
function onCodes(form: RealForm, [p]: readonly [number, number], least: number): RealForm {
  const moved = (line: RealForm['line']): RealForm['line'] => {
    // A whole number of units, up to a power of two.
    const unit = { num: (line.p.num << BigInt(ROOM)) / BigInt(p), exp: line.p.exp - ROOM };
    return { p: unit, q: add(line.q, multiply(unit, dyadic(least))), r: { num: 0n, exp: 0 } };
  };
  return { ...form, line: moved(form.line), root: form.root && { ...form.root, line: moved(form.root.line) } };
}

function size({ num, exp }: Dyadic): Dyadic {
  return { num: num < 0n ? -num : num, exp };
}

function sign({ num }: Dyadic): number {
  return num < 0n ? -1 : 1;
}
