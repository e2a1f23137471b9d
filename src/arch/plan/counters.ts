import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';
import { type Lifetime, livesWith } from './lifetimes.js';

/**
 * A row counter for every tensor, handed on when its tensor is dead.
 * @throws SystoleError memory-too-small
 */
export function assignCounters(tensors: readonly Lifetime[], machine: Machine): ReadonlyMap<string, number> {
  const counters = new Map<string, number>();
  for (const tensor of tensors) {
    const taken = new Set(
      tensors.flatMap((other) => {
        const counter = counters.get(other.name);
        return counter !== undefined && livesWith(tensor, other) ? [counter] : [];
      }),
    );
    let free = 0;
    while (taken.has(free)) free++;
    counters.set(tensor.name, free);
  }
  const needed = 1 + Math.max(...counters.values());
  if (needed > machine.counters) {
    throw new SystoleError('memory-too-small', 'too many tensors are alive at once for the row counters', {
      where: 'counters',
      expected: `${needed} counters`,
      actual: `${machine.counters} counters, ${needed - machine.counters} too few`,
      hint: 'use a machine with more counters',
    });
  }
  return counters;
}
