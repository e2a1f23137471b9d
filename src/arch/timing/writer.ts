/** Cycle model of the output FIFO and systole_writer.v. */
import type { PackedChunk, PackerModel } from './packer.js';
import type { SlotTiming } from './slots.js';

export interface WriterCycle {
  /** Group written in this cycle, or -1. */
  readonly group: number;
  /** An entry leaves; its credit returns. */
  readonly pops: boolean;
  /** Counter that goes up at the end of this cycle, or -1, and by how many rows. */
  readonly counter: number;
  readonly rows: number;
  readonly chunk: PackedChunk | null;
}

export interface WriterModel {
  /** A slot is pushed in this cycle; it can be at the head in the next. */
  push(slot: SlotTiming): void;
  /** What happens in this cycle, and the clock edge. Call before push. */
  step(packer: PackerModel): WriterCycle;
}

const NOTHING: WriterCycle = { group: -1, pops: false, counter: -1, rows: 0, chunk: null };

/** @param chunkBytes of the stream in a cycle */
export function writerModel(chunkBytes: number): WriterModel {
  const queue: SlotTiming[] = [];
  let head = 0;
  let done = 0;

  function pop(): void {
    done = 0;
    head += 1;
    if (head < 1024) return;
    queue.splice(0, head);
    head = 0;
  }

  return {
    push: (slot) => void queue.push(slot),
    step(packer) {
      const slot = queue[head];
      if (slot === undefined) return NOTHING;
      const { record } = slot;
      const counter = slot.rowEnd && record.count ? record.outCounter : -1;
      if (slot.count === 0) {
        pop();
        return { ...NOTHING, pops: true, counter, rows: record.countStep };
      }
      if (!record.toStream) {
        done += 1;
        const pops = done >= record.planes;
        if (pops) pop();
        return { group: record.group, pops, counter: pops ? counter : -1, rows: record.countStep, chunk: null };
      }
      if (!packer.takes()) return NOTHING;
      const bytes = Math.min(chunkBytes, slot.count * record.elementBytes - done);
      done += bytes;
      const last = done === slot.count * record.elementBytes;
      const end = slot.mapLast && last;
      if (last) pop();
      const chunk = { bytes, end, last: end && record.last };
      return { ...NOTHING, pops: last, counter: last ? counter : -1, rows: record.countStep, chunk };
    },
  };
}
