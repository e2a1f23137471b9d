/** The channel folder's memory: steps to 32-bit pieces and back (docs/machine.md, last section). */
import type { Machine } from '../machine.js';
import { getBits, putBits } from './bits.js';

/** One step of a folded window. */
export interface FoldEntry {
  /** Added to the step's address: a whole number of words. */
  readonly aOff: number;
  /** Of each lane: kernel rows behind that of aOff, 0..7. */
  readonly segments: readonly number[];
}

export const MOST_SEGMENTS = 8;
const SEGMENT_BITS = 3;

/** 32-bit pieces of one entry. */
export function foldPieces({ lanes }: Pick<Machine, 'lanes'>): number {
  return Math.ceil((32 + SEGMENT_BITS * lanes) / 32);
}

export function encodeFolds(entries: readonly FoldEntry[], machine: Machine): Uint32Array {
  const pieces = foldPieces(machine);
  const image = new Uint32Array(entries.length * pieces);
  entries.forEach(({ aOff, segments }, i) => {
    putBits(image, i * pieces * 32, 32, aOff);
    segments.forEach((segment, lane) => {
      putBits(image, i * pieces * 32 + 32 + lane * SEGMENT_BITS, SEGMENT_BITS, segment);
    });
  });
  return image;
}

export function decodeFolds(image: Uint32Array, machine: Machine): readonly FoldEntry[] {
  const pieces = foldPieces(machine);
  return Array.from({ length: image.length / pieces }, (_, i) => ({
    aOff: getBits(image, i * pieces * 32, 32) | 0,
    segments: Array.from({ length: machine.lanes }, (_lane, lane) =>
      getBits(image, i * pieces * 32 + 32 + lane * SEGMENT_BITS, SEGMENT_BITS),
    ),
  }));
}
