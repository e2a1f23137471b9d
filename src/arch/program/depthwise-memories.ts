/** The depthwise unit's memories: values to 32-bit pieces and back (docs/machine.md, last section). */
import type { Machine } from '../machine.js';
import { getBigBits, getBits, putBigBits, putBits } from './bits.js';

/** One channel's constants: the depthwise unit adds no residual. */
export interface ChannelScale {
  readonly m: number;
  readonly b: bigint;
  readonly n: number;
}

const WEIGHT_BITS = 8;

/** 32-bit pieces of one word of lanes x taps weights. */
export function kernelPieces({ lanes, depthwise }: Machine): number {
  return Math.ceil((lanes * (depthwise?.taps ?? 0) * WEIGHT_BITS) / 32);
}

function channelBits({ mBits, bBits, nBits }: Machine): number {
  return mBits + bBits + nBits;
}

/** 32-bit pieces of one parameter word. */
export function scalePieces(machine: Machine): number {
  return Math.ceil(((machine.depthwise?.postWidth ?? 0) * channelBits(machine)) / 32);
}

/** @param weights [word][lane][tap] */
export function encodeKernels(weights: Int8Array, machine: Machine): Uint32Array {
  const pieces = kernelPieces(machine);
  const perWord = machine.lanes * (machine.depthwise?.taps ?? 0);
  if (perWord === 0) return new Uint32Array(0);
  const image = new Uint32Array((weights.length / perWord) * pieces);
  weights.forEach((weight, i) => {
    const at = Math.floor(i / perWord) * pieces * 32 + (i % perWord) * WEIGHT_BITS;
    putBits(image, at, WEIGHT_BITS, weight & 0xff);
  });
  return image;
}

/** @returns [word][lane][tap] */
export function decodeKernels(image: Uint32Array, machine: Machine): Int8Array {
  const pieces = kernelPieces(machine);
  const perWord = machine.lanes * (machine.depthwise?.taps ?? 0);
  if (perWord === 0) return new Int8Array(0);
  return Int8Array.from({ length: (image.length / pieces) * perWord }, (_, i) =>
    getBits(image, Math.floor(i / perWord) * pieces * 32 + (i % perWord) * WEIGHT_BITS, WEIGHT_BITS),
  );
}

/** @param channels [word][postWidth of the unit] */
export function encodeScales(channels: readonly ChannelScale[], machine: Machine): Uint32Array {
  const width = machine.depthwise?.postWidth ?? 1;
  const pieces = scalePieces(machine);
  const { mBits, bBits } = machine;
  const image = new Uint32Array((channels.length / width) * pieces);
  channels.forEach(({ m, b, n }, i) => {
    const at = Math.floor(i / width) * pieces * 32 + (i % width) * channelBits(machine);
    putBigBits(image, at, mBits, BigInt(m));
    putBigBits(image, at + mBits, bBits, b);
    putBits(image, at + mBits + bBits, machine.nBits, n);
  });
  return image;
}

/** @returns [word][postWidth of the unit] */
export function decodeScales(image: Uint32Array, machine: Machine): ChannelScale[] {
  const width = machine.depthwise?.postWidth ?? 1;
  const pieces = scalePieces(machine);
  if (pieces === 0) return [];
  const { mBits, bBits, nBits } = machine;
  return Array.from({ length: (image.length / pieces) * width }, (_, i) => {
    const at = Math.floor(i / width) * pieces * 32 + (i % width) * channelBits(machine);
    return {
      m: Number(getBigBits(image, at, mBits)),
      b: getBigBits(image, at + mBits, bBits),
      n: getBits(image, at + mBits + bBits, nBits),
    };
  });
}
