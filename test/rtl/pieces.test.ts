import { describe, expect, test } from 'vitest';
import { compileBench, icarusAvailable } from './icarus.js';
import { picker } from './random.js';

const WORDS = 7;

describe.skipIf(!icarusAvailable)('the packer of memory words (skipped where Icarus is not installed)', () => {
  const shapes = [
    { WIDTH: 1, INNER: 3 },
    { WIDTH: 32, INNER: 1 },
    { WIDTH: 33, INNER: 2 },
    { WIDTH: 96, INNER: 1 },
    { WIDTH: 64 * 138, INNER: 1 },
  ];
  test.each(shapes)('makes words of $WIDTH bits, $INNER to an address', async ({ WIDTH, INNER }) => {
    const pick = picker(WIDTH);
    const perWord = Math.ceil(WIDTH / 32);
    const pieces = Array.from({ length: WORDS * perWord }, () => pick(2 ** 32));
    const bench = await compileBench('pieces_bench', ['test/rtl/pieces_bench.v', 'templates/rtl/systole_pieces.v'], {
      ...{ WIDTH, INNER },
      COUNT: pieces.length,
    });
    try {
      const lines = (await bench.run({ pieces }, { seed: 1 })).filter((line) => line !== '');
      expect(lines).toEqual(Array.from({ length: WORDS }, (_, i) => wordLine(i, pieces, WIDTH, INNER)));
    } finally {
      await bench.close();
    }
  });
});

/** Address, number within the address, and the word in hexadecimal: what word `i` of the file must be. */
function wordLine(i: number, pieces: readonly number[], width: number, inner: number): string {
  const perWord = Math.ceil(width / 32);
  const value = pieces
    .slice(i * perWord, (i + 1) * perWord)
    .reduce((sum, piece, k) => sum + (BigInt(piece) << BigInt(32 * k)), 0n);
  const text = BigInt.asUintN(width, value)
    .toString(16)
    .padStart(Math.ceil(width / 4), '0');
  return `${5 + Math.floor(i / inner)} ${i % inner} ${text}`;
}
