/** Registers by name, and what their values mean. */
import { REGISTERS } from './registers.js';

/** Byte offset of a register. */
export function offsetOf(name: string): number {
  return find(name).offset;
}

/** The bit of a one-bit field, as a mask. */
export function bitOf(register: string, field: string): number {
  return 2 ** findField(register, field).bit;
}

/** The value of a field in a register's value. */
export function fieldOf(register: string, field: string, value: number): number {
  const { bit, width } = findField(register, field);
  return Math.floor(value / 2 ** bit) % 2 ** width;
}

/** What register CHECKSUM shows after these pieces: s = rotate_left(s, 1) ^ piece, from 0. */
export function imageChecksum(pieces: Uint32Array): number {
  let sum = 0;
  for (const piece of pieces) sum = ((sum << 1) | (sum >>> 31)) ^ piece;
  return sum >>> 0;
}

const UNIT_STATES = {
  load: ['', '', 'LOAD waits for input', 'LOAD waits for room in its buffer'],
  feed: [
    '',
    '',
    'FEED waits for rows of its input',
    'FEED waits for rows of the residual',
    'FEED waits for the output FIFO',
    'FEED waits for weights in the ring',
  ],
  post: ['', '', 'POST waits for tiles'],
  out: ['', '', 'the output waits for its stream to be taken'],
} as const;

const MOVER_STATES = {
  fill: ['', '', 'the weight mover waits for room in the ring', 'the weight mover waits for DRAM'],
} as const;

/**
 * One sentence part per unit that waits, from the registers WAITING and MOVERS; `no unit waits` when all are idle or working.
 */
export function explainWaiting(waiting: number, movers = 0): string {
  const parts = Object.entries(UNIT_STATES).flatMap(([unit, states]) => {
    const state = fieldOf('WAITING', unit, waiting);
    const text = states[state];
    if (!text) return [];
    const counted = unit === 'feed' && (state === 2 || state === 3);
    const counter = fieldOf('WAITING', 'counter', waiting);
    const need = fieldOf('WAITING', 'need', waiting);
    if (unit === 'feed' && state === 5) return [`${text}: they are not ${need} words yet`];
    return [counted ? `${text}: counter ${counter} has not reached ${need}` : text];
  });
  for (const [mover, states] of Object.entries(MOVER_STATES)) {
    const text = states[fieldOf('MOVERS', mover, movers)];
    if (text) parts.push(text);
  }
  return parts.length > 0 ? parts.join('; ') : 'no unit waits';
}

function find(name: string) {
  const register = REGISTERS.find((entry) => entry.name === name);
  if (register === undefined) throw new Error(`there is no register ${name}`);
  return register;
}

function findField(register: string, name: string) {
  const field = find(register).fields?.find((entry) => entry.name === name);
  if (field === undefined) throw new Error(`register ${register} has no field ${name}`);
  return field;
}
