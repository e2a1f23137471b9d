/** The order of slots through POST (systole_post_walk.v): what of each slot decides when things happen. */

export interface PostTiming {
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
  readonly poolEnable: boolean;
  readonly toStream: boolean;
  readonly elementBytes: number;
  /** The frame ends with this output. */
  readonly last: boolean;
  readonly group: number;
  readonly planes: number;
  readonly outCounter: number;
  /** Its rows are counted. */
  readonly count: boolean;
  readonly resEnable: boolean;
  readonly resGroup: number;
  /** Cycles between slots, and of a slot's residual reads: 1 without a residual. */
  readonly residualPlanes: number;
}

export interface SlotTiming {
  readonly record: PostTiming;
  readonly count: number;
  /** The pool keeps it: it never reaches the FIFO. */
  readonly absorbed: boolean;
  readonly rowEnd: boolean;
  readonly recordEnd: boolean;
  /** The record's last codes are in it. */
  readonly mapLast: boolean;
}

/** All slots of a record, in order, PW channels each. */
export function* slotsOf(record: PostTiming, postWidth: number): Generator<SlotTiming> {
  const windows = record.nWy * record.nWx;
  for (let oy = 0; oy < record.nOy; oy++) {
    for (let ox = 0; ox < record.nOx; ox++) {
      for (let ct = 0; ct < record.nCt; ct++) {
        const slots = ct === record.nCt - 1 ? record.slotsLast : record.slotsFull;
        for (let window = 0; window < windows; window++) {
          for (let r = 0; r < record.pixelsPerTile; r++) {
            const column = ox * record.pixelsPerTile + r;
            for (let j = 0; j < slots; j++) {
              const tail = ct === record.nCt - 1 && j === slots - 1;
              const windowLast = window === windows - 1;
              const rowEnd = ox === record.nOx - 1 && tail && windowLast && r === record.pixelsPerTile - 1;
              const rowLast = oy === record.nOy - 1;
              yield {
                record,
                count: column >= record.outCols ? 0 : tail ? record.tailCount : postWidth,
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
