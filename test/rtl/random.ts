/** A repeatable source of integers 0..n-1 (linear congruence, upper bits). */
export function picker(seed: number) {
  let state = seed >>> 0;
  return (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
export type Pick = ReturnType<typeof picker>;
