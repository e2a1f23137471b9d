/** Weight, parameter and table memory: values to 32-bit pieces and back (docs/machine.md, last section). */
import type { Machine } from '../machine.js';
import { getBigBits, getBits, putBigBits, putBits } from './bits.js';
import type { ChannelParameters } from './program.js';

/** 32-bit pieces of one weight word of one column. */
export function weightPieces(machine: Machine): number {
  return Math.ceil((machine.lanes * machine.weightDigit) / 32);
}

/** Bits of one channel's m, b, n, r. */
export function channelBits(machine: Machine): number {
  return 2 * machine.mBits + machine.bBits + machine.nBits;
}

/** 32-bit pieces of one parameter word. */
export function parameterPieces(machine: Machine): number {
  return Math.ceil((machine.postWidth * channelBits(machine)) / 32);
}

/** @param fields weight digits [word][column][lane], plain fields of weightDigit bits */
export function encodeWeights(fields: Uint8Array, machine: Machine): Uint32Array {
  const { lanes, weightDigit } = machine;
  const pieces = weightPieces(machine);
  const words = fields.length / lanes;
  const image = new Uint32Array(words * pieces);
  for (let word = 0; word < words; word++) {
    const at = word * pieces * 32;
    for (let lane = 0; lane < lanes; lane++) {
      putBits(image, at + lane * weightDigit, weightDigit, fields[word * lanes + lane]!);
    }
  }
  return image;
}

/** @returns weight digits [word][column][lane], plain fields */
export function decodeWeights(image: Uint32Array, machine: Machine): Uint8Array {
  const { lanes, weightDigit } = machine;
  const pieces = weightPieces(machine);
  const words = image.length / pieces;
  const fields = new Uint8Array(words * lanes);
  for (let word = 0; word < words; word++) {
    const at = word * pieces * 32;
    for (let lane = 0; lane < lanes; lane++) {
      fields[word * lanes + lane] = getBits(image, at + lane * weightDigit, weightDigit);
    }
  }
  return fields;
}

/** @param channels [word][postWidth] */
export function encodeParameters(channels: readonly ChannelParameters[], machine: Machine): Uint32Array {
  const { mBits, bBits, nBits, postWidth } = machine;
  const pieces = parameterPieces(machine);
  const image = new Uint32Array((channels.length / postWidth) * pieces);
  channels.forEach(({ m, b, n, r }, i) => {
    const at = Math.floor(i / postWidth) * pieces * 32 + (i % postWidth) * channelBits(machine);
    putBigBits(image, at, mBits, BigInt(m));
    putBigBits(image, at + mBits, bBits, b);
    putBits(image, at + mBits + bBits, nBits, n);
    putBigBits(image, at + mBits + bBits + nBits, mBits, BigInt(r));
  });
  return image;
}

/** @returns channels [word][postWidth] */
export function decodeParameters(image: Uint32Array, machine: Machine): ChannelParameters[] {
  const { mBits, bBits, nBits, postWidth } = machine;
  const pieces = parameterPieces(machine);
  const count = (image.length / pieces) * postWidth;
  return Array.from({ length: count }, (_, i) => {
    const at = Math.floor(i / postWidth) * pieces * 32 + (i % postWidth) * channelBits(machine);
    return {
      m: Number(getBigBits(image, at, mBits)),
      b: getBigBits(image, at + mBits, bBits),
      n: getBits(image, at + mBits + bBits, nBits),
      r: Number(getBigBits(image, at + mBits + bBits + nBits, mBits)),
    };
  });
}

/** @param entries of all tables, 16 bits each */
export function encodeTables(entries: readonly number[] | Uint16Array): Uint32Array {
  return Uint32Array.from(entries);
}

/** @returns the entries of all tables */
export function decodeTables(image: Uint32Array): Uint16Array {
  return Uint16Array.from(image);
}
