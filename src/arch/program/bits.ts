/** Little-endian bit fields in 32-bit pieces: bit i of a word is bit i % 32 of piece floor(i / 32). */

/** Writes the low `width` bits of a non-negative number of at most 32 bits. */
export function putBits(pieces: Uint32Array, at: number, width: number, value: number): void {
  let bit = at;
  let rest = value >>> 0;
  let left = width;
  while (left > 0) {
    const offset = bit & 31;
    const take = Math.min(left, 32 - offset);
    const field = take === 32 ? rest : rest & (2 ** take - 1);
    pieces[bit >>> 5] = (pieces[bit >>> 5]! | (field << offset)) >>> 0;
    rest = take === 32 ? 0 : rest >>> take;
    bit += take;
    left -= take;
  }
}

/** Reads an unsigned field of at most 32 bits. */
export function getBits(pieces: Uint32Array, at: number, width: number): number {
  const offset = at & 31;
  const low = pieces[at >>> 5]! >>> offset;
  const above = offset + width - 32;
  if (above <= 0) return low % 2 ** width;
  return low + (pieces[(at >>> 5) + 1]! % 2 ** above) * 2 ** (32 - offset);
}

/** Writes a two's complement field of any width. */
export function putBigBits(pieces: Uint32Array, at: number, width: number, value: bigint): void {
  const field = BigInt.asUintN(width, value);
  for (let done = 0; done < width; done += 32) {
    const take = Math.min(32, width - done);
    putBits(pieces, at + done, take, Number((field >> BigInt(done)) & 0xffffffffn));
  }
}

/** Reads a two's complement field of any width. */
export function getBigBits(pieces: Uint32Array, at: number, width: number): bigint {
  let value = 0n;
  for (let done = 0; done < width; done += 32) {
    value |= BigInt(getBits(pieces, at + done, Math.min(32, width - done))) << BigInt(done);
  }
  return BigInt.asIntN(width, value);
}
