/** The decoded command stream: what the planner makes, the encoder prints and every reader gets back. */
import { OPCODES, RECORD_FIELDS } from './records.js';

export type Opcode = keyof typeof OPCODES;
export type FieldName<O extends Opcode> = (typeof RECORD_FIELDS)[O][number]['name'];
export type Fields<O extends Opcode> = Readonly<Record<FieldName<O>, number>>;

export interface LoadRecord {
  readonly opcode: 'load';
  readonly fields: Fields<'load'>;
}
export interface FeedRecord {
  readonly opcode: 'feed';
  readonly fields: Fields<'feed'>;
}
export interface PostRecord {
  readonly opcode: 'post';
  readonly fields: Fields<'post'>;
}
export interface EndRecord {
  readonly opcode: 'end';
  readonly fields: Fields<'end'>;
}
/** Where END goes back to: the records before it are for the first frame alone. */
export interface LoopRecord {
  readonly opcode: 'loop';
  readonly fields: Fields<'loop'>;
}
/** The records up to NEXT, `count` times. */
export interface RepeatRecord {
  readonly opcode: 'repeat';
  readonly fields: Fields<'repeat'>;
}
export interface NextRecord {
  readonly opcode: 'next';
  readonly fields: Fields<'next'>;
}
/** Weights of a frame that come from DRAM. */
export interface FillRecord {
  readonly opcode: 'fill';
  readonly fields: Fields<'fill'>;
}
/** A layer of the depthwise unit. */
export interface DepthwiseRecord {
  readonly opcode: 'depthwise';
  readonly fields: Fields<'depthwise'>;
}
export type ProgramRecord =
  | LoadRecord
  | FeedRecord
  | PostRecord
  | EndRecord
  | LoopRecord
  | RepeatRecord
  | NextRecord
  | FillRecord
  | DepthwiseRecord;

export type PassMode = 'unsigned' | 'signed' | 'bipolar';

/** One entry of pass memory (docs/machine.md, FEED). */
export interface PassEntry {
  readonly aOff: number;
  readonly wOff: number;
  readonly shift: number;
  readonly mode: PassMode;
  readonly padDigit: number;
}

/** One channel's requantization constants as the parameter memory holds them. */
export interface ChannelParameters {
  readonly m: number;
  readonly b: bigint;
  readonly n: number;
  readonly r: number;
}

/** The memories in 32-bit pieces, in loading order (docs/machine.md, last section). */
export interface Images {
  readonly program: Uint32Array;
  readonly passes: Uint32Array;
  readonly weights: Uint32Array;
  readonly parameters: Uint32Array;
  readonly tables: Uint32Array;
  /** Steps of the channel folder. */
  readonly folds: Uint32Array;
  /** Weights, and m, b and n, of the depthwise unit; empty on a machine without one. */
  readonly kernels: Uint32Array;
  readonly scales: Uint32Array;
  /** What lies in DRAM from DRAM_BASE on; empty where nothing does. Not loaded through registers. */
  readonly dram: Uint32Array;
}

/** Words of the record in program memory: header, fields, and what fills its last fetch of `fetchWords` words. */
export function recordWords(opcode: Opcode, fetchWords: number): number {
  return fetchWords * Math.ceil((1 + RECORD_FIELDS[opcode].length) / fetchWords);
}

export const OPCODE_NAMES = Object.keys(OPCODES) as readonly Opcode[];
