/** Cycle model of systole_fill.v: when ring words are whole. */
import type { Dram, Machine } from '../machine.js';
import { weightPieces } from '../program/memories.js';
import { dramReader } from './dram.js';

export interface FillTiming {
  /** Bytes from DRAM_BASE. */
  readonly address: number;
  /** Ring words. */
  readonly words: number;
}

export interface FillModel {
  /** The active record's last column word leaves in this cycle; call once a cycle, before step. */
  done(): boolean;
  /** FEED sees one more word in the ring from the next cycle on. */
  wordDone(): boolean;
  /** Something moved in this cycle; after step. */
  busy(): boolean;
  /** Clock edge. `started`: becomes active in the next cycle; `released`: ring words that FEED gives back in this cycle. */
  step(started: FillTiming | null, released: number): void;
}

/** The mover of a machine without DRAM: there is nothing for it to do. */
const NO_MOVER: FillModel = { done: () => false, wordDone: () => false, busy: () => false, step: () => {} };

export function fillModel(machine: Machine): FillModel {
  const { dram } = machine;
  return dram === null || machine.memory.ringWords === 0 ? NO_MOVER : moverModel(machine, dram);
}

function moverModel(machine: Machine, dram: Dram): FillModel {
  const columnPieces = weightPieces(machine);
  const beatPieces = dram.dataBits / 32;
  const wordPieces = machine.cols * columnPieces;
  const reader = dramReader(dram);
  let record: FillTiming | null = null;
  let begun = false;
  let started = false;
  let wordsLeft = 0;
  let pad = 0;
  let allowPieces = machine.memory.ringWords * wordPieces + beatPieces - 1;
  let allowed = 0;
  let room = machine.memory.ringWords;
  /** Words on their way back from FEED. */
  let returning: readonly [number, number, number] = [0, 0, 0];
  let fill = 0;
  let column = 0;
  let wordWhole = false;
  // Of the cycle.
  let offered = false;
  let out = false;
  let ends = false;
  let moving = false;

  return {
    done() {
      offered = reader.offers();
      out = started && fill >= columnPieces && room > 0;
      const last = out && column === machine.cols - 1 && wordsLeft === 1;
      ends = record !== null && started && (wordsLeft === 0 || last);
      return ends;
    },
    wordDone: () => wordWhole,
    busy: () => moving,
    step(next, released) {
      const kept = out ? fill - columnPieces : fill;
      const takes = offered && fill <= 2 * columnPieces;
      const wordEnd = out && column === machine.cols - 1;
      const start = record !== null && begun && !started;
      if (start) {
        const pieces = record!.words * wordPieces;
        reader.begin(Math.floor(record!.address / (4 * beatPieces)), Math.ceil(pieces / beatPieces));
      }
      const { asked, lastAsked } = reader.step(allowed, takes);
      moving = out || takes || asked > 0;
      allowed = Math.floor(allowPieces / beatPieces);
      const [first, second, third] = returning;
      returning = [released, first, second];
      room += third - (wordEnd ? 1 : 0);
      allowPieces += third * wordPieces - asked * beatPieces + (lastAsked ? pad : 0);
      if (start) {
        const pieces = record!.words * wordPieces;
        pad = (beatPieces - (pieces % beatPieces)) % beatPieces;
        wordsLeft = record!.words;
      } else if (wordEnd) wordsLeft -= 1;
      fill = ends ? 0 : kept + (takes ? beatPieces : 0);
      if (out) column = wordEnd ? 0 : column + 1;
      wordWhole = wordEnd;
      begun = record !== null && !ends;
      started = (start || started) && !ends;
      if (ends) record = null;
      if (next !== null) record = next;
    },
  };
}
