import type { FeedState } from './feed.js';

/** Cycles of one frame by what FEED does in them; they add up to the total. */
export interface Waterfall {
  /** From the first input beat to the first step. */
  readonly fill: number;
  readonly compute: number;
  /** FEED waits for rows of its input or of the residual. */
  readonly rows: number;
  /** FEED waits for post-processing: pace or FIFO. */
  readonly post: number;
  /** FEED waits for weights from DRAM. */
  readonly weights: number;
  /** FEED has no record: the next one is still being fetched. */
  readonly fetch: number;
  /** From the last step to the last output beat. */
  readonly drain: number;
}

export interface LayerCycles {
  /** Cycles in which this layer's FEED record was active, and the steps issued in them. */
  readonly cycles: number;
  readonly steps: number;
}

export interface WaterfallCounter {
  /** One cycle of the frame. `layer` is the active FEED record's, or -1. */
  count(state: FeedState, layer: number): void;
  waterfall(): Waterfall;
  readonly layers: readonly LayerCycles[];
}

const REASON = ['fetch', 'compute', 'rows', 'rows', 'post', 'weights'] as const;

export function waterfallCounter(layerCount: number): WaterfallCounter {
  const layers = Array.from({ length: layerCount }, () => ({ cycles: 0, steps: 0 }));
  const total = { fill: 0, compute: 0, rows: 0, post: 0, weights: 0, fetch: 0 };
  /** Since the last step: waiting if another one comes, drain if none does. */
  let pending = { rows: 0, post: 0, weights: 0, fetch: 0 };
  return {
    layers,
    count(state, layer) {
      const at = layers[layer];
      if (at !== undefined) at.cycles += 1;
      const reason = REASON[state]!;
      if (reason === 'compute') {
        if (at !== undefined) at.steps += 1;
        total.compute += 1;
        total.rows += pending.rows;
        total.post += pending.post;
        total.weights += pending.weights;
        total.fetch += pending.fetch;
        pending = { rows: 0, post: 0, weights: 0, fetch: 0 };
      } else if (total.compute === 0) {
        total.fill += 1;
      } else {
        pending[reason] += 1;
      }
    },
    waterfall: () => ({ ...total, drain: pending.rows + pending.post + pending.weights + pending.fetch }),
  };
}
