/** A queue whose entries come out in the cycle they were put in for; cycles never go down. */
export interface TimedQueue<T> {
  put(cycle: number, value: T): void;
  /** The head, if it is due in this cycle. */
  peek(cycle: number): T | null;
  take(cycle: number): T | null;
}

export function timedQueue<T>(): TimedQueue<T> {
  let cycles: number[] = [];
  let values: T[] = [];
  let head = 0;
  return {
    put(cycle, value) {
      cycles.push(cycle);
      values.push(value);
    },
    peek: (cycle) => (cycles[head] === cycle ? values[head]! : null),
    take(cycle) {
      if (cycles[head] !== cycle) return null;
      const value = values[head]!;
      head += 1;
      if (head > 4096) {
        cycles = cycles.slice(head);
        values = values.slice(head);
        head = 0;
      }
      return value;
    },
  };
}
