/** What register CHECKSUM shows after these pieces: s = rotate_left(s, 1) ^ piece, from 0. */
export function imageChecksum(pieces: Uint32Array): number {
  let sum = 0;
  for (const piece of pieces) sum = ((sum << 1) | (sum >>> 31)) ^ piece;
  return sum >>> 0;
}
