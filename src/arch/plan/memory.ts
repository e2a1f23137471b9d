import { SystoleError } from '../../base/error.js';
import type { Machine } from '../machine.js';
import { type Lifetime, livesWith } from './lifetimes.js';

export interface StoredTensor extends Lifetime {
  readonly codes: number;
}

export interface Location {
  readonly group: number;
  readonly base: number;
}

/** Two tensors that must (hard) or should (soft) lie in different groups. */
export interface Apart {
  readonly a: string;
  readonly b: string;
  readonly hard: boolean;
}

type Placement = ReadonlyMap<string, Location>;
interface Search {
  readonly order: readonly StoredTensor[];
  readonly apart: readonly Apart[];
  readonly groups: number;
  /** Codes a group holds. */
  readonly capacity: number;
  readonly align: number;
}

/** Groups tried before the search gives up; a network's tensors are few and nearly always fit at once. */
const BUDGET = 20000;

/**
 * A group and a base address for every tensor; tensors that are never alive together may share addresses.
 * @throws SystoleError memory-too-small, or network-unsupported where more groups are needed
 */
export function placeTensors(
  tensors: readonly StoredTensor[],
  apart: readonly Apart[],
  machine: Machine,
): ReadonlyMap<string, Location> {
  const { groups, activationWords } = machine.memory;
  const capacity = activationWords * machine.lanes;
  const bySize = [...tensors].sort((a, b) => b.codes - a.codes || a.made - b.made);
  const search = { apart, groups, align: machine.lanes };
  for (const order of [tensors, bySize]) {
    const found = place({ ...search, order, capacity });
    if (found) return found;
  }
  const unlimited = place({ ...search, order: bySize, capacity: Number.POSITIVE_INFINITY });
  if (!unlimited) {
    throw new SystoleError('network-unsupported', 'residual reads and feeds cannot be kept in different groups', {
      where: 'memory.groups',
      actual: `${groups} groups`,
      hint: 'use a machine with more activation memory groups',
    });
  }
  const words = Math.ceil(peak(unlimited, tensors) / machine.lanes);
  throw new SystoleError('memory-too-small', 'the feature maps do not fit the activation memory', {
    where: 'memory.activationWords',
    expected: `${words} words in each of ${groups} groups`,
    actual: `${activationWords} words, ${words - activationWords} too few`,
    hint: 'use a machine with more activation memory',
  });
}

/** Codes used of the fullest group. */
export function peak(placement: Placement, tensors: readonly StoredTensor[]): number {
  return tensors.reduce((most, tensor) => Math.max(most, placement.get(tensor.name)!.base + tensor.codes), 0);
}

function place(search: Search): Placement | undefined {
  const placed = new Map<string, Location>();
  let budget = BUDGET;
  const next = (index: number): boolean => {
    const tensor = search.order[index];
    if (tensor === undefined) return true;
    for (const location of candidates(tensor, placed, search)) {
      if (budget-- <= 0) return false;
      placed.set(tensor.name, location);
      if (next(index + 1)) return true;
      placed.delete(tensor.name);
    }
    return false;
  };
  return next(0) ? placed : undefined;
}

/** Possible places of a tensor beside those placed already, the best first. */
function candidates(tensor: StoredTensor, placed: Placement, search: Search): readonly Location[] {
  const rated: { location: Location; strain: number; end: number }[] = [];
  for (let group = 0; group < search.groups; group++) {
    const clashes = search.apart.filter((pair) => {
      const other = pair.a === tensor.name ? pair.b : pair.b === tensor.name ? pair.a : undefined;
      return other !== undefined && other !== tensor.name && placed.get(other)?.group === group;
    });
    if (clashes.some((pair) => pair.hard)) continue;
    const base = firstFit(tensor, group, placed, search);
    if (base + tensor.codes > search.capacity) continue;
    rated.push({ location: { group, base }, strain: clashes.length, end: base + tensor.codes });
  }
  rated.sort((a, b) => a.strain - b.strain || a.end - b.end || a.location.group - b.location.group);
  return rated.map(({ location }) => location);
}

function firstFit(tensor: StoredTensor, group: number, placed: Placement, search: Search): number {
  const taken = search.order
    .flatMap((other) => {
      const location = placed.get(other.name);
      if (location === undefined || location.group !== group || !livesWith(other, tensor)) return [];
      return [{ from: location.base, to: location.base + other.codes }];
    })
    .sort((a, b) => a.from - b.from);
  let base = 0;
  for (const { from, to } of taken) {
    if (base + tensor.codes <= from) break;
    base = Math.max(base, Math.ceil(to / search.align) * search.align);
  }
  return base;
}
