/** The order of the program's FEED and POST records: which layer makes how many rows, one after the other. */
import type { Segment } from './segment.js';

/** One FEED and one POST record. */
export interface Turn {
  /** Index of the plan's layers. */
  readonly layer: number;
  /** Output rows; null: all of them. */
  readonly rows: number | null;
  /** It goes on where its layer's last turn ended, or is the first of several. */
  readonly resume: boolean;
  /** Where FEED and POST keep the layer's state between its turns. */
  readonly context: number;
}

/** Turns that the program runs `count` times. */
export interface TurnBlock {
  readonly turns: readonly Turn[];
  readonly count: number;
}

/** @param segments that share no layer */
export function orderTurns(layers: number, segments: readonly Segment[]): readonly TurnBlock[] {
  const blocks: TurnBlock[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const segment = segments.find(({ first }) => first === layer);
    if (segment === undefined) {
      blocks.push({ turns: [{ layer, rows: null, resume: false, context: 0 }], count: 1 });
      continue;
    }
    blocks.push(...segmentTurns(segment));
    layer = segment.last;
  }
  return blocks;
}

function segmentTurns({ first, runs }: Segment): readonly TurnBlock[] {
  const begun = new Set<number>();
  return runs.map(({ period, count }) => ({
    count,
    turns: period.flatMap((rows, i) => {
      if (rows === 0) return [];
      const resume = begun.has(i);
      begun.add(i);
      return [{ layer: first + i, rows, resume, context: i }];
    }),
  }));
}

/** The layer of every POST record as they finish. @param isFed layers that have one: not the depthwise unit's */
export function layersInOrder(blocks: readonly TurnBlock[], isFed: (layer: number) => boolean): readonly number[] {
  const all = blocks.flatMap(({ turns, count }) =>
    Array.from({ length: count }, () => turns.map(({ layer }) => layer)).flat(),
  );
  return all.filter(isFed);
}
