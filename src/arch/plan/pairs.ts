import type { FeedRecord, PostRecord, ProgramRecord } from '../program/program.js';

/** A FEED record and its POST record. */
export interface RecordPair {
  readonly feed: FeedRecord;
  readonly post: PostRecord;
}

/** All pairs of a frame in the order in which they run: those between REPEAT and NEXT as often as it says. */
export function pairsInOrder(program: readonly ProgramRecord[]): readonly RecordPair[] {
  const pairs: RecordPair[] = [];
  let feed: FeedRecord | null = null;
  let repeated = { from: 0, count: 1 };
  for (const record of program) {
    if (record.opcode === 'repeat') repeated = { from: pairs.length, count: record.fields.count };
    if (record.opcode === 'feed') feed = record;
    if (record.opcode === 'post' && feed !== null) pairs.push({ feed, post: record });
    if (record.opcode !== 'next') continue;
    const body = pairs.slice(repeated.from);
    for (let i = 1; i < repeated.count; i++) pairs.push(...body);
  }
  return pairs;
}

/** The layer of each FEED record in the program, which REPEAT may run many times. @param turns the layer of each pair that runs */
export function layersOfRecords(program: readonly ProgramRecord[], turns: readonly number[]): readonly number[] {
  const pairs = pairsInOrder(program);
  return program.flatMap((record) =>
    record.opcode === 'feed' ? [turns[pairs.findIndex(({ feed }) => feed === record)]!] : [],
  );
}
