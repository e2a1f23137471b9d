/**
 * Cycle model of systole_feed.v: when a step issues. Only what decides is kept: steps left in the tile,
 * the column tile, the output row, pace and credits.
 */

export interface FeedTiming {
  readonly nCo: number;
  readonly group: number;
  readonly nOy: number;
  readonly nCt: number;
  /** Tiles wy, wx of one (oy, ox, ct). */
  readonly windows: number;
  readonly nOx: number;
  /** nPass * nKy * nKx * nStep */
  readonly stepsPerTile: number;
  readonly slotsFull: number;
  readonly slotsLast: number;
  readonly paceFull: number;
  readonly paceLast: number;
  readonly inCounter: number;
  readonly inNeed0: number;
  readonly inNeedStep: number;
  readonly inRows: number;
  readonly resEnable: boolean;
  readonly resCounter: number;
  readonly resNeed0: number;
  readonly resNeedStep: number;
  readonly resRows: number;
  /** Waits go on where the last record of this context stopped. */
  readonly resume: boolean;
  readonly context: number;
  /** Weights from the ring: words of a column tile. */
  readonly ring: boolean;
  readonly tileWords: number;
  /** With the last step of an output row freeCounter goes up by freeStep. */
  readonly free: boolean;
  readonly freeCounter: number;
  readonly freeStep: number;
}

/** Why a cycle was not used: 1 working, 2 input rows, 3 residual rows or the POST record, 4 pace or credits, 5 weights, 0 idle. */
export type FeedState = 0 | 1 | 2 | 3 | 4 | 5;

/** Rows of an input that nobody reads any more. */
export interface FreedRows {
  readonly counter: number;
  readonly step: number;
}

export interface FeedModel {
  /** What happens in this cycle; call once before step. */
  decide(record: FeedTiming | null, counters: Int32Array): FeedState;
  issues(): boolean;
  tileEnds(): boolean;
  /** The tile of this cycle's step is of the last column tile. */
  lastColumnTile(): boolean;
  recordEnds(): boolean;
  creditsFull(): boolean;
  /** Ring words given back in this cycle. */
  releases(): number;
  /** What is free with this cycle's step. */
  frees(): FreedRows | null;
  /** Clock edge. `started`: this record becomes active in the next cycle. */
  step(
    started: FeedTiming | null,
    creditsBack: number,
    postDelivered: boolean,
    postMoved: boolean,
    ringWordDone: boolean,
  ): void;
}

export function feedModel(fifoEntries: number): FeedModel {
  let active: FeedTiming | null = null;
  let stepsLeft = 0;
  let windowsLeft = 0;
  let ctLeft = 0;
  let oxLeft = 0;
  let oyLeft = 0;
  let coLeft = 0;
  let needIn = 0;
  let needRes = 0;
  let pace = 0;
  let credits = fifoEntries;
  let postsReady = 0;
  let postsBehind = 0;
  let inRing = 0;
  let issue = false;
  let tileEnd = false;
  let recordEnd = false;
  let ctLast = false;
  let rowEnd = false;
  /** Rows waited for where the record of a context stopped. */
  const contexts = new Map<number, readonly [input: number, residual: number]>();

  function begin(record: FeedTiming): void {
    coLeft = record.nCo;
    stepsLeft = record.stepsPerTile;
    windowsLeft = record.windows;
    ctLeft = record.nCt;
    oxLeft = record.nOx;
    oyLeft = record.nOy;
    firstRow(record);
  }

  function firstRow(record: FeedTiming): void {
    const kept = record.resume ? contexts.get(record.context) : undefined;
    [needIn, needRes] = kept ?? [record.inNeed0, record.resNeed0];
  }

  function nextTile(record: FeedTiming): void {
    stepsLeft = record.stepsPerTile;
    if (--windowsLeft > 0) return;
    windowsLeft = record.windows;
    if (--ctLeft > 0) return;
    ctLeft = record.nCt;
    if (--oxLeft > 0) return;
    oxLeft = record.nOx;
    needIn += record.inNeedStep;
    needRes += record.resNeedStep;
    if (--oyLeft > 0) return;
    if (--coLeft === 0) {
      contexts.set(record.context, [needIn, needRes]);
      return;
    }
    oyLeft = record.nOy;
    firstRow(record);
  }

  /** The last step of a column tile that is outermost. */
  const columnEnd = (): boolean => rowEnd && oyLeft === 1;

  return {
    decide(record, counters) {
      issue = tileEnd = recordEnd = rowEnd = false;
      active = record;
      if (record === null) return 0;
      if (counters[record.inCounter]! < Math.min(needIn, record.inRows)) return 2;
      if (record.resEnable && counters[record.resCounter]! < Math.min(needRes, record.resRows)) return 3;
      if (record.ring && inRing < record.tileWords) return 5;
      if (postsBehind > 0) return 3;
      ctLast = ctLeft === 1 && coLeft === 1;
      const last = stepsLeft === 1;
      if (last && (pace !== 0 || credits < (ctLast ? record.slotsLast : record.slotsFull) || postsReady === 0))
        return 4;
      issue = true;
      tileEnd = last;
      rowEnd = last && windowsLeft === 1 && ctLeft === 1 && oxLeft === 1;
      recordEnd = rowEnd && oyLeft === 1 && coLeft === 1;
      return 1;
    },
    issues: () => issue,
    tileEnds: () => tileEnd,
    lastColumnTile: () => ctLast,
    recordEnds: () => recordEnd,
    creditsFull: () => credits === fifoEntries,
    releases: () => (active?.ring && columnEnd() ? active.tileWords : 0),
    frees: () =>
      rowEnd && coLeft === 1 && active?.free ? { counter: active.freeCounter, step: active.freeStep } : null,
    step(started, creditsBack, postDelivered, postMoved, ringWordDone) {
      credits += creditsBack;
      inRing += (ringWordDone ? 1 : 0) - (active?.ring && columnEnd() ? active.tileWords : 0);
      if (tileEnd && active !== null) {
        pace = (ctLast ? active.paceLast : active.paceFull) - 1;
        credits -= ctLast ? active.slotsLast : active.slotsFull;
        nextTile(active);
      } else {
        if (pace > 0) pace -= 1;
        if (issue) stepsLeft -= 1;
      }
      postsReady += (postDelivered ? 1 : 0) - (recordEnd ? 1 : 0);
      postsBehind += (recordEnd ? 1 : 0) - (postMoved ? 1 : 0);
      if (started !== null) begin(started);
    },
  };
}
