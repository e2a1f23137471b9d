/** FEED's rows: the row pointer, y and what is waited for, kept from record to record in contexts (docs/machine.md, FEED). */
import type { FeedRecord, Fields } from '../program/program.js';
import { broken } from './activation-memory.js';
import type { FrameState } from './state.js';

/** FEED before an output row. */
export interface RowState {
  /** Code index of x = 0 in the row that ky = wy = 0 reads. */
  readonly row: number;
  readonly y: number;
  /** Rows waited for, of the input and of the residual. */
  readonly inNeed: number;
  readonly resNeed: number;
}

/** A FEED record at work: its fields, and where its rows begin. */
export interface FeedRun {
  readonly fields: Fields<'feed'>;
  readonly start: RowState;
}

/** @throws SystoleError plan-invalid where it resumes what no record has left */
export function feedRun({ fields }: FeedRecord, { feedContexts }: FrameState): FeedRun {
  if (!fields.resume) {
    const { aBase, yBase, inNeed0, resNeed0 } = fields;
    return { fields, start: { row: aBase, y: yBase, inNeed: inNeed0, resNeed: resNeed0 } };
  }
  const start = feedContexts.get(fields.context);
  if (start === undefined) throw broken(`FEED resumes context ${fields.context}, which nobody has left`);
  return { fields, start };
}

/** The state behind the record's rows, for one that resumes it. */
export function keepRows(run: FeedRun, { feedContexts }: FrameState): void {
  const { fields, start } = run;
  feedContexts.set(fields.context, {
    row: wrapRow(fields, start.row + fields.nOy * fields.aOy),
    y: start.y + fields.nOy * fields.yOy,
    inNeed: inputNeed(run, fields.nOy),
    resNeed: residualNeed(run, fields.nOy),
  });
}

/** Rows of the input that output row oy waits for. */
export function inputNeed({ fields, start }: FeedRun, oy: number): number {
  return Math.min(start.inNeed + oy * fields.inNeedStep, fields.inRows);
}

export function residualNeed({ fields, start }: FeedRun, oy: number): number {
  return Math.min(start.resNeed + oy * fields.resNeedStep, fields.resRows);
}

/** The codes before bufferEnd; bufferSize 0: none. */
interface CircularBuffer {
  readonly bufferEnd: number;
  readonly bufferSize: number;
}

/** A row pointer in its circular buffer; as it is without one. */
export function wrapRow({ bufferEnd, bufferSize }: CircularBuffer, row: number): number {
  if (bufferSize === 0) return row;
  const first = bufferEnd - bufferSize;
  return first + ((((row - first) % bufferSize) + bufferSize) % bufferSize);
}
