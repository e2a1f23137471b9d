/**
 * Seeded random numbers for the renderer. Only integer multiplication, + - * / and square roots are
 * used, which every JavaScript engine rounds alike: a seed is the same picture on every machine.
 */

/**
 * Mulberry32 (T. Ettinger, public domain), its state spread over 32 bits first so that neighbouring seeds differ at once.
 * @param {number} seed any 32-bit integer
 */
export function randomSource(seed) {
  let state = spread(seed >>> 0);
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const between = (low, high) => low + (high - low) * unit();
  return {
    /** Real number in [low, high). */
    between,
    /** Integer in 0 .. n - 1. */
    below: (n) => Math.floor(unit() * n),
    chance: (p) => unit() < p,
    /** Sum of four uniform numbers: mean 0, deviation 1, at most 3.5. */
    bell: () => (unit() + unit() + unit() + unit() - 2) * Math.sqrt(3),
    /** Unit vector of any direction, without sine and cosine. */
    direction: () => {
      for (;;) {
        const x = between(-1, 1);
        const y = between(-1, 1);
        const length = Math.sqrt(x * x + y * y);
        if (length > 0.1 && length <= 1) return [x / length, y / length];
      }
    },
  };
}

function spread(seed) {
  let x = seed;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
