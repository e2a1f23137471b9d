import { evaluate, type RealQuantizer } from '../quantizer.js';
import { negate } from '../rational.js';
import type { Channel } from './channel.js';
import { type CodeGrid, ofChannel } from './grid.js';
import { constantForm, quotientOf, type RealForm, shifted } from './real-form.js';

/** The step function of one channel: its own clamps are codes, the quantizer being monotone. */
export function channelQuantizer(grid: CodeGrid, { form, bounds }: Channel, c: number): RealQuantizer {
  const limits = { lo: grid.lo, hi: grid.hi, least: grid.lo, most: grid.hi };
  const added = ofChannel(grid.added, c);
  const scale = ofChannel(grid.divisors, c);
  const shift = negate(ofChannel(grid.shifts, c));
  const f = (x: RealForm): RealQuantizer => ({
    ...quotientOf(shifted(x, shift), { scale, zero: added, base: grid.base }),
    ...{ round: grid.round, zero: (grid.inside ? 0 : added) - grid.base, step: grid.step },
    ...limits,
  });
  const codeOf = (end: RealForm): number => evaluate(f(end), 0, 0);
  for (const { min, max } of bounds) {
    const low = min === null ? grid.lo : codeOf(min);
    const high = max === null ? grid.hi : codeOf(max);
    const clamp = (code: number): number => Math.min(high, Math.max(low, code));
    limits.least = clamp(limits.least);
    limits.most = clamp(limits.most);
  }
  return f(form);
}

/** The code of a real value, without rounding error. */
export function codeOfReal(grid: CodeGrid, real: number, c: number): number {
  const form = constantForm(real);
  return evaluate(channelQuantizer(grid, { start: form, form, bounds: [] }, c), 0, 0);
}

const MIRRORED: Record<RealQuantizer['round'], RealQuantizer['round']> = {
  'half-even': 'half-even',
  'half-up': 'half-down',
  'half-down': 'half-up',
  'half-away': 'half-away',
  'half-to-zero': 'half-to-zero',
  floor: 'ceil',
  ceil: 'floor',
  'to-zero': 'to-zero',
  away: 'away',
};

/** The quantizer whose codes are `total` less those of this one. */
export function complement(f: RealQuantizer, total: number): RealQuantizer {
  const steps = total / f.step;
  return {
    ...f,
    ...{ p: -f.p, q: BigInt(steps) * f.d - f.q, r: -f.r },
    root: f.root && { ...f.root, p: -f.root.p, q: -f.root.q, r: -f.root.r },
    ...{ round: MIRRORED[f.round], zero: steps - f.zero, least: total - f.most, most: total - f.least },
  };
}
