/** A seeded source of random numbers: the same seed gives the same numbers on every machine. */
export interface RandomSource {
  /** Uniform 32-bit unsigned integer. */
  next(): number;
  /** Uniform integer in lo..hi, both inclusive. */
  integer(lo: number, hi: number): number;
  /** Uniform double in [0, 1). */
  uniform(): number;
}

/** xoshiro128** (Blackman and Vigna, 2018), its state filled from the seed by splitmix32. */
export function randomSource(seed: number): RandomSource {
  let fill = seed >>> 0;
  const splitmix = (): number => {
    fill = (fill + 0x9e3779b9) >>> 0;
    let z = fill;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let d = splitmix();

  const next = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotateLeft(d, 11);
    return result;
  };
  return {
    next,
    integer: (lo, hi) => lo + Math.floor((next() / 2 ** 32) * (hi - lo + 1)),
    uniform: () => next() / 2 ** 32,
  };
}

function rotateLeft(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}
