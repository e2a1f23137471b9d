/** Any function by its steps: a 0/1 channel for each, then a convolution of one pixel that adds up what they change. */
import type { Requantize } from '../network.js';
import type { CodeRuns } from './code-runs.js';

export interface Counting {
  /** 0/1 channels for each channel. */
  readonly each: number;
  /** Of the 0/1 channels, which follow each other by channel: clamp(acc*m + b, 0, 1). */
  readonly bits: Pick<Requantize, 'm' | 'b' | 'n'>;
  /** [channels][each*channels]: what each of them changes. */
  readonly weights: Int16Array;
  /** Codes without any of them. */
  readonly first: readonly number[];
}

/** @param falls channels whose 0/1 channels have to rise as the accumulator falls */
export function countingOf(channels: readonly CodeRuns[], falls: readonly boolean[]): Counting {
  const each = Math.max(1, ...channels.map(({ codes }) => codes.length - 1));
  const weights = new Int16Array(channels.length * channels.length * each);
  const m: number[] = [];
  const b: bigint[] = [];
  channels.forEach(({ starts, codes }, c) => {
    for (let k = 0; k < each; k++) {
      const start = starts[k + 1];
      const rises = start !== undefined && !falls[c];
      m.push(start === undefined ? 0 : rises ? 1 : -1);
      // 1 from `start` on, or in front of it.
      b.push(start === undefined ? 0n : BigInt(rises ? 1 - start : start));
      const change = start === undefined ? 0 : codes[k + 1]! - codes[k]!;
      weights[c * channels.length * each + c * each + k] = falls[c] ? -change : change;
    }
  });
  const first = channels.map(({ codes }, c) => (falls[c] ? codes.at(-1)! : codes[0]!));
  return { each, bits: { m, b, n: m.map(() => 0) }, weights, first };
}
