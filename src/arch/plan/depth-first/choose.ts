/** Which layers take turns by rows: as few as let the maps fit, or those that leave the least memory alive at once. */
import type { Machine } from '../../machine.js';
import type { LoweredNetwork } from '../array-layer.js';
import type { LayerGeometry } from '../geometry.js';
import type { Pace } from './periods.js';
import { type Segment, segmentOf } from './segment.js';

export interface SegmentSearch {
  readonly lowered: LoweredNetwork;
  /** Of every layer, its tiles one row of the output high. */
  readonly geometries: readonly LayerGeometry[];
  readonly machine: Machine;
  /** Codes alive at once at the most. */
  readonly peak: (segments: readonly Segment[]) => number;
}

/** Array steps that a turn should take: the records of the next one are fetched meanwhile. */
const LONG_TURN = 256;

/** Sets of one round that are placed before the one with the least alive is. */
const MOST_TRIALS = 12;

/**
 * Sets of segments worth a try, each better than the one before it in what it is tried for: fewer layers in turn first, and
 * where one segment is not enough, the best one and another.
 * @param limit codes that may be alive at once
 */
export function* segmentSets(search: SegmentSearch, limit: number): Generator<readonly Segment[]> {
  let chosen: readonly Segment[] = [];
  for (;;) {
    const rated = candidates(search, chosen).map((segments) => ({ segments, peak: search.peak(segments) }));
    const fitting = rated.filter(({ peak }) => peak <= limit);
    for (const { segments } of fitting.slice(0, MOST_TRIALS)) yield segments;
    const best = rated.reduce<(typeof rated)[number] | undefined>((a, b) => (a && a.peak <= b.peak ? a : b), undefined);
    if (best === undefined || best.peak >= search.peak(chosen)) return;
    if (fitting.length > MOST_TRIALS) yield best.segments;
    chosen = best.segments;
  }
}

/** The set with the least alive at once; none where no segment saves anything. */
export function smallestSet(search: SegmentSearch): readonly Segment[] {
  let chosen: readonly Segment[] = [];
  for (;;) {
    const before = search.peak(chosen);
    const rated = candidates(search, chosen).map((segments) => ({ segments, peak: search.peak(segments) }));
    const best = rated.reduce<(typeof rated)[number] | undefined>((a, b) => (a && a.peak <= b.peak ? a : b), undefined);
    if (best === undefined || best.peak >= before) return chosen;
    chosen = best.segments;
  }
}

/** `chosen` and one more segment, the shortest first. */
function candidates(search: SegmentSearch, chosen: readonly Segment[]): readonly (readonly Segment[])[] {
  const { lowered, geometries, machine } = search;
  const sets: (readonly Segment[])[] = [];
  for (let length = 2; length <= Math.min(geometries.length, machine.memory.contexts); length++) {
    for (let first = 0; first + length <= geometries.length; first++) {
      const last = first + length - 1;
      if (chosen.some((one) => one.first <= last && first <= one.last)) continue;
      for (const pace of paces(geometries.slice(first, last + 1))) {
        const segment = segmentOf(first, last, pace, lowered, geometries, machine);
        if (segment !== null) sets.push([...chosen, segment]);
      }
    }
  }
  return sets;
}

/** The fastest first: turns long enough to hide the next one's records, and read a period later. */
function paces(inside: readonly LayerGeometry[]): readonly Pace[] {
  const end = inside.at(-1)!.output.height;
  const shortest = Math.min(...inside.map(({ steps }) => steps / end));
  let rows = 1;
  while (rows < end && rows * shortest < LONG_TURN) rows *= 2;
  const slow = [
    { rows: 1, ahead: true },
    { rows: 1, ahead: false },
  ];
  return rows === 1 ? slow : [{ rows, ahead: true }, ...slow];
}
