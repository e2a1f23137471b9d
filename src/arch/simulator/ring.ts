/** The weight ring: what FILL streams in and FEED uses up, in order. */
import type { FeedRecord, FillRecord, ProgramRecord } from '../program/program.js';
import { broken } from './activation-memory.js';

/** Ring words of a frame: those that FILL has brought, and those that FEED has given back. */
export interface RingState {
  filled: number;
  released: number;
}

/** The FILL record of a frame; the program's second one is the next frame's. */
export function fillOf(records: readonly ProgramRecord[]): FillRecord | undefined {
  return records.find((record): record is FillRecord => record.opcode === 'fill');
}

/**
 * FEED's wait for a column tile's words.
 * @throws SystoleError plan-invalid: in program order all words of the frame are in the ring or on their way
 */
export function waitForWeights({ fields }: Pick<FeedRecord, 'fields'>, ring: RingState): void {
  if (fields.ring === 0 || ring.released + fields.tileWords <= ring.filled) return;
  throw broken(`FEED waits for ${fields.tileWords} ring words, FILL brings ${ring.filled - ring.released} more`);
}

/** Behind the last step of a column tile. */
export function releaseWeights({ fields }: Pick<FeedRecord, 'fields'>, ring: RingState): void {
  if (fields.ring === 1) ring.released += fields.tileWords;
}
