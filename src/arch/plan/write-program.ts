/** The program's records in their order: LOADs, the layers whole or in turns, END. */
import type { FillRecord, LoadRecord, ProgramRecord } from '../program/program.js';
import type { Segment } from './depth-first/segment.js';
import type { Turn, TurnBlock } from './depth-first/turns.js';
import type { LayerRecords } from './layer-records.js';

export interface ProgramParts {
  readonly loads: readonly LoadRecord[];
  readonly records: readonly LayerRecords[];
  readonly blocks: readonly TurnBlock[];
  readonly segments: readonly Segment[];
  /** By input that only some rows are kept of. */
  readonly roomCounters: ReadonlyMap<string, number>;
  readonly nextLoadAfter: number | null;
  /** Ring words of a frame. */
  readonly ringWords: number;
}

export function writeProgram(parts: ProgramParts): readonly ProgramRecord[] {
  const { loads, blocks, nextLoadAfter, ringWords } = parts;
  const fill: readonly FillRecord[] =
    ringWords > 0 ? [{ opcode: 'fill', fields: { address: 0, words: ringWords } }] : [];
  const program: ProgramRecord[] = [...fill, ...loads];
  if (nextLoadAfter !== null) program.push({ opcode: 'loop', fields: {} });
  for (const { turns, count } of blocks) {
    if (count > 1) program.push({ opcode: 'repeat', fields: { count } });
    for (const turn of turns) program.push(...turnRecords(turn, parts));
    if (count > 1) program.push({ opcode: 'next', fields: {} });
    if (nextLoadAfter !== null && endsLayer(turns, nextLoadAfter, blocks)) program.push(...fill, ...loads);
  }
  program.push({ opcode: 'end', fields: {} });
  return program;
}

/** True for the block with the last turn of a layer. */
function endsLayer(turns: readonly Turn[], layer: number, blocks: readonly TurnBlock[]): boolean {
  return blocks.findLast((block) => block.turns.some((turn) => turn.layer === layer))?.turns === turns;
}

function turnRecords(turn: Turn, { records, segments, roomCounters }: ProgramParts): readonly ProgramRecord[] {
  const own = records[turn.layer]!;
  if (own.unit !== null) return [own.unit];
  const { feed, post } = own;
  const { load } = segments.find(({ first, last }) => first <= turn.layer && turn.layer <= last) ?? { load: null };
  if (turn.rows === null) return [feed, post];
  const state = { nOy: turn.rows, resume: turn.resume ? 1 : 0, context: turn.context };
  // No layer in turns has a residual: what is waited for is that the layer before has left POST, and the first turn does.
  const waits = turn.resume ? { resEnable: 0 } : {};
  const frees = load !== null && load.reader === turn.layer;
  const free = frees ? { free: 1, freeCounter: roomCounters.get(load.tensor)!, freeStep: load.room.freeStep } : {};
  return [
    { opcode: 'feed', fields: { ...feed.fields, ...state, ...waits, ...free } },
    { opcode: 'post', fields: { ...post.fields, ...state } },
  ];
}
