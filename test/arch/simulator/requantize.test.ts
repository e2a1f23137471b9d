import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requantize } from '../../../src/arch/simulator/requantize.js';
import { requantize as golden } from '../../../src/quant/golden.js';

const LIMITS = { lo: 3, hi: 250 };

/** The golden model's answer for the same channel. */
function expected(acc: number, res: number, m: number, b: bigint, n: number, r: number, nearestEven: boolean): number {
  const round = nearestEven ? ('nearest-even' as const) : ('floor' as const);
  return golden(acc, res, { m: [m], b: [b], n: [n], round, ...LIMITS, residual: { tensor: 'r', m: [r] } }, 0);
}

function check(acc: number, res: number, m: number, b: bigint, n: number, r: number): void {
  for (const nearestEven of [false, true]) {
    const found = requantize(acc, res, { m, b, n, r }, { nearestEven, ...LIMITS });
    if (found === expected(acc, res, m, b, n, r, nearestEven)) continue;
    expect.fail(`acc ${acc} res ${res} m ${m} b ${b} n ${n} r ${r}, nearest ${nearestEven}: ${found}`);
  }
}

test('requantization is the golden model s for every small operand, ties and signs included', () => {
  for (let acc = -9; acc <= 9; acc++)
    for (let m = -5; m <= 5; m++)
      for (const b of [-1025n, -3n, -1n, 0n, 2n, 7n, 800n])
        for (let n = 0; n <= 4; n++)
          for (const [res, r] of [
            [0, 0],
            [3, 5],
            [7, -2],
          ] as const)
            check(acc, res, m, b, n, r);
});

test('and for every width of a machine', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      fc.nat(65535),
      fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n - 1n }).map(Number),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.nat(63),
      fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n - 1n }).map(Number),
      check,
    ),
    { numRuns: 20000 },
  );
});

test('and where sums lie at the limit of exact doubles, just beside a tie', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 44, max: 56 }),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: -2, max: 2 }),
      (bits, y, off) => {
        const n = bits - 8;
        check(0, 0, 0, BigInt(y) * 2n ** BigInt(n) + 2n ** BigInt(n - 1) + BigInt(off), n, 0);
      },
    ),
    { numRuns: 2000 },
  );
});
