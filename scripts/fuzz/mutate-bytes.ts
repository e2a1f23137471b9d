/** Damage to a file as such: what a broken download, a bad disk or an attacker makes of it. */
import type { RandomSource } from '../../src/base/random.js';

type Mutation = (bytes: Uint8Array, random: RandomSource) => Uint8Array;

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff];
const LONGEST = 64;

const MUTATIONS: readonly Mutation[] = [flipBits, setBytes, cut, remove, insert, repeat, swap];

/** One to four mutations, one after the other. */
export function mutateBytes(bytes: Uint8Array, random: RandomSource): Uint8Array {
  let result: Uint8Array = Uint8Array.from(bytes);
  for (let i = random.integer(1, 4); i > 0; i--) {
    result = MUTATIONS[random.integer(0, MUTATIONS.length - 1)]!(result, random);
  }
  return result;
}

/** Near the ends as often as anywhere: headers and structure stand there, weights between. */
function place(length: number, random: RandomSource): number {
  if (length === 0) return 0;
  const near = Math.min(length, 2048);
  const kind = random.integer(0, 2);
  if (kind === 0) return random.integer(0, near - 1);
  return kind === 1 ? length - random.integer(1, near) : random.integer(0, length - 1);
}

function flipBits(bytes: Uint8Array, random: RandomSource): Uint8Array {
  if (bytes.length === 0) return bytes;
  for (let i = random.integer(1, 8); i > 0; i--) bytes[place(bytes.length, random)]! ^= 1 << random.integer(0, 7);
  return bytes;
}

function setBytes(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const at = place(bytes.length, random);
  const value = INTERESTING[random.integer(0, INTERESTING.length - 1)]!;
  return bytes.fill(value, at, at + random.integer(1, 10));
}

function cut(bytes: Uint8Array, random: RandomSource): Uint8Array {
  return bytes.slice(0, place(bytes.length, random));
}

function remove(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const at = place(bytes.length, random);
  return joined(bytes.subarray(0, at), bytes.subarray(at + random.integer(1, LONGEST)));
}

function insert(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const at = place(bytes.length, random);
  const extra = Uint8Array.from({ length: random.integer(1, LONGEST) }, () => random.integer(0, 255));
  return joined(bytes.subarray(0, at), extra, bytes.subarray(at));
}

function repeat(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const from = place(bytes.length, random);
  const piece = bytes.subarray(from, from + random.integer(1, LONGEST));
  const at = place(bytes.length, random);
  return joined(bytes.subarray(0, at), piece, bytes.subarray(at));
}

function swap(bytes: Uint8Array, random: RandomSource): Uint8Array {
  const length = random.integer(1, LONGEST);
  const [a, b] = [place(bytes.length, random), place(bytes.length, random)];
  const first = bytes.slice(a, a + length);
  bytes.copyWithin(a, b, b + length);
  bytes.set(first.subarray(0, bytes.length - b), b);
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
