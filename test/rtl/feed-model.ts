/** FEED as docs/machine.md says it, with no thought of cycles or hardware: what every step gives every row. */
import type { FoldEntry } from '../../src/arch/program/fold-memory.js';
import type { Fields, PassEntry } from '../../src/arch/program/program.js';

export type Feed = Fields<'feed'>;

export interface FeedShape {
  readonly rows: number;
  readonly lanes: number;
  /** Codes of a group. */
  readonly codes: number;
  /** Weight words beside a column, and of the ring behind them. */
  readonly weightWords: number;
  readonly ringWords: number;
}

export interface FeedStep {
  readonly w: number;
  readonly clear: boolean;
  readonly last: boolean;
  readonly shift: number;
  readonly mode: PassEntry['mode'];
  /** [row][lane] */
  readonly digits: readonly (readonly number[])[];
}

interface Memories {
  readonly folds: readonly FoldEntry[];
  readonly passes: readonly PassEntry[];
  /** [group][code] */
  readonly digits: readonly (readonly number[])[];
}

interface Start {
  readonly row: number;
  readonly y: number;
  /** Of the ring. */
  readonly tail: number;
}

const mod = (value: number, by: number) => ((value % by) + by) % by;

/** The steps of records that follow each other. */
export function feedSteps(records: readonly Feed[], shape: FeedShape, memories: Memories): FeedStep[] {
  const contexts = new Map<number, Omit<Start, 'tail'>>();
  let tail = 0;
  return records.flatMap((record) => {
    const rows = record.resume ? contexts.get(record.context)! : { row: record.aBase, y: record.yBase };
    const start = { ...rows, tail };
    tail += record.ring * record.nCo * record.tileWords;
    contexts.set(record.context, {
      row: inBuffer(record, start.row + record.nOy * record.aOy),
      y: start.y + record.nOy * record.yOy,
    });
    return [...recordSteps(record, start, shape, memories)];
  });
}

function inBuffer({ bufferEnd, bufferSize }: Feed, row: number): number {
  return bufferSize === 0 ? row : bufferEnd - bufferSize + mod(row - bufferEnd, bufferSize);
}

function* recordSteps(f: Feed, start: Start, shape: FeedShape, memories: Memories): Generator<FeedStep> {
  const { passes, digits } = memories;
  for (const [co, oy, ox, ct, wy, wx] of points(f.nCo, f.nOy, f.nOx, f.nCt, f.nWy, f.nWx)) {
    let first = true;
    for (let p = 0; p < f.nPass; p++) {
      const pass = passes[f.passBase + p]!;
      for (const [k, [ky, kx, st]] of points(f.nKy, f.nKx, f.nStep).entries()) {
        const row = inBuffer(f, start.row + oy! * f.aOy + wy! * f.aWy + ky! * f.aKy);
        const y = start.y + oy! * f.yOy + wy! * f.yWy + ky! * f.yKy;
        const x = f.xBase + ox! * f.aOx + ct! * f.aCt + wx! * f.aWx + kx! * f.aKx + st! * shape.lanes;
        const step = { a: row + x + pass.aOff, x, y, st: st! };
        yield {
          w: f.ring
            ? shape.weightWords + mod(start.tail + co! * f.tileWords + pass.wOff + k, shape.ringWords)
            : f.wBase + (co! + ct!) * f.wCt + pass.wOff + k,
          clear: first,
          last: p === f.nPass - 1 && k === f.nKy * f.nKx * f.nStep - 1,
          shift: k === 0 ? pass.shift : 0,
          mode: pass.mode,
          digits: Array.from({ length: shape.rows }, (_, r) =>
            f.fold
              ? foldDigits(f, memories.folds[f.foldBase + st!]!, step, r, shape, digits[f.group]!)
              : rowDigits(f, pass, step, r, shape, digits[f.group]!),
          ),
        };
        first = false;
      }
    }
  }
}

function rowDigits(
  f: Feed,
  pass: PassEntry,
  step: { a: number; x: number; y: number; st: number },
  r: number,
  { lanes, codes }: FeedShape,
  memory: readonly number[],
): number[] {
  const line = Math.floor(r / f.tileCols);
  const hops = r - line;
  const a = step.a + hops * f.aRow + line * f.aWrap;
  const x = step.x + hops * f.aRow + line * f.xWrap;
  const y = step.y + line * f.yLine;
  return Array.from({ length: lanes }, (_, l) => {
    if (step.st * lanes + l >= f.runLen) return 0;
    const inMap = y >= 0 && y < f.yMax && x + l >= 0 && x + l < f.xMax;
    return inMap ? memory[mod(a + l, codes)]! : pass.padDigit;
  });
}

/** With the channel folder: every lane in its segment, none masked. */
function foldDigits(
  f: Feed,
  { aOff, segments }: FoldEntry,
  step: { a: number; st: number },
  r: number,
  { lanes, codes }: FeedShape,
  memory: readonly number[],
): number[] {
  const line = Math.floor(r / f.tileCols);
  const a = step.a + aOff + (r - line) * f.aRow + line * f.aWrap;
  return segments.map((segment, l) =>
    step.st * lanes + l >= f.runLen ? 0 : memory[mod(a + l + segment * f.foldStride * lanes, codes)]!,
  );
}

/** All points of a loop nest, the last count innermost. */
function points(...counts: number[]): number[][] {
  return counts.reduce<number[][]>(
    (outer, count) => outer.flatMap((point) => Array.from({ length: count }, (_, i) => [...point, i])),
    [[]],
  );
}
