/** The order of slots through POST (systole_post_walk.v): what of each slot decides when things happen. */

export interface PostTiming {
  readonly nCo: number;
  readonly nOy: number;
  readonly nOx: number;
  readonly nCt: number;
  readonly nWy: number;
  readonly nWx: number;
  readonly pixelsPerTile: number;
  readonly slotsFull: number;
  readonly slotsLast: number;
  readonly tailCount: number;
  readonly outCols: number;
  readonly outRows: number;
  readonly tileCols: number;
  readonly poolEnable: boolean;
  readonly toStream: boolean;
  readonly elementBytes: number;
  /** The frame ends with this output. */
  readonly last: boolean;
  readonly group: number;
  readonly planes: number;
  readonly outCounter: number;
  /** Its rows are counted, so many with each oy. */
  readonly count: boolean;
  readonly resEnable: boolean;
  readonly resGroup: number;
  readonly countStep: number;
  /** Rows go on where the last record of this context stopped. */
  readonly resume: boolean;
  readonly context: number;
  /** Cycles between slots, and of a slot's residual reads: 1 without a residual. */
  readonly residualPlanes: number;
}

export interface SlotTiming {
  readonly record: PostTiming;
  readonly count: number;
  /** The pool keeps it: it never reaches the FIFO. */
  readonly absorbed: boolean;
  /** The rows of an oy end with it, in the last column tile. */
  readonly rowEnd: boolean;
  readonly recordEnd: boolean;
  /** The record's last codes are in it. */
  readonly mapLast: boolean;
}

/** Lines of a tile. */
export function tileLines({ pixelsPerTile, tileCols }: PostTiming): number {
  return pixelsPerTile / tileCols;
}

/**
 * All slots of a record, in order, PW channels each.
 * @param firstRow of the output: where a record that resumes goes on
 */
export function* slotsOf(record: PostTiming, postWidth: number, firstRow: number): Generator<SlotTiming> {
  const windows = record.nWy * record.nWx;
  const lines = tileLines(record);
  const lastTile = record.nCo + record.nCt - 2;
  for (let co = 0; co < record.nCo; co++) {
    for (let oy = 0; oy < record.nOy; oy++) {
      for (let ox = 0; ox < record.nOx; ox++) {
        for (let ct = 0; ct < record.nCt; ct++) {
          const tileLast = co + ct === lastTile;
          const slots = tileLast ? record.slotsLast : record.slotsFull;
          for (let window = 0; window < windows; window++) {
            for (let r = 0; r < record.pixelsPerTile; r++) {
              const column = ox * record.tileCols + (r % record.tileCols);
              const row = firstRow + oy * lines + Math.floor(r / record.tileCols);
              const inside = column < record.outCols && row < record.outRows;
              for (let j = 0; j < slots; j++) {
                const tail = tileLast && j === slots - 1;
                const windowLast = window === windows - 1;
                const rowEnd = ox === record.nOx - 1 && tail && windowLast && r === record.pixelsPerTile - 1;
                const rowLast = oy === record.nOy - 1;
                yield {
                  record,
                  count: !inside ? 0 : tail ? record.tailCount : postWidth,
                  absorbed: record.poolEnable && !windowLast,
                  rowEnd,
                  recordEnd: rowEnd && rowLast,
                  mapLast: rowLast && column === record.outCols - 1 && tail && windowLast,
                };
              }
            }
          }
        }
      }
    }
  }
}
