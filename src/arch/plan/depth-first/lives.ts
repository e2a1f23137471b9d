/** When tensors live where layers take turns: all layers of a segment are one moment. */
import type { Lifetime } from '../lifetimes.js';
import type { Segment } from './segment.js';

export function livesInTurns<T extends Lifetime>(lives: readonly T[], segments: readonly Segment[]): readonly T[] {
  return lives.map((life) => {
    const begins = segments.find(({ first, last }) => first <= life.made && life.made <= last);
    const ends = segments.find(({ first, last }) => first <= life.lastRead && life.lastRead <= last);
    return { ...life, made: begins?.first ?? life.made, lastRead: ends?.last ?? life.lastRead };
  });
}

/** Most codes alive at once. */
export function peakAlive(stored: readonly (Lifetime & { readonly codes: number })[]): number {
  const times = stored.map(({ made }) => made);
  return times.reduce((most, time) => {
    const alive = stored.filter(({ made, lastRead }) => made <= time && time <= lastRead);
    return Math.max(
      most,
      alive.reduce((sum, { codes }) => sum + codes, 0),
    );
  }, 0);
}
