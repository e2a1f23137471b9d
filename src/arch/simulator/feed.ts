import type { FoldEntry } from '../program/fold-memory.js';
import type { PassEntry } from '../program/program.js';
import { broken } from './activation-memory.js';
import { isCovered, rowsFound, rowWait, tagAt } from './covered-reads.js';
import { type FeedRun, inputNeed, residualNeed, wrapRow } from './feed-rows.js';
import { waitFor } from './row-counters.js';
import type { FrameState, LoadedProgram } from './state.js';

/** Position of a tile in FEED's loops. */
export interface Tile {
  readonly co: number;
  readonly oy: number;
  readonly ox: number;
  readonly ct: number;
  readonly wy: number;
  readonly wx: number;
  /** The column tile: co + ct. */
  readonly c: number;
}

/** FEED's waits before output row oy. */
export function waitForRows(run: FeedRun, oy: number, state: FrameState): void {
  const { fields } = run;
  waitFor(state.counters, fields.inCounter, inputNeed(run, oy), 'FEED');
  if (fields.resEnable) waitFor(state.counters, fields.resCounter, residualNeed(run, oy), 'FEED');
}

/** What of the array one tile uses. */
export interface TileExtent {
  /** Array rows whose pixels are the output's: the others read what they like. */
  readonly rows: readonly number[];
  readonly columns: number;
}

/**
 * Accumulators of one tile into acc, [row][column], for these rows of the array; those of its first columns count.
 * @throws SystoleError plan-invalid when it reads what no wait has made sure of
 */
export function runTile(
  feed: FeedRun,
  tile: Tile,
  { rows, columns }: TileExtent,
  acc: Int32Array,
  program: LoadedProgram,
  state: FrameState,
): void {
  const { fields, start } = feed;
  const { oy, ox, ct, c, wy, wx } = tile;
  const { lanes, cols } = program.machine;
  const row = start.row + oy * fields.aOy + wy * fields.aWy;
  const y = start.y + oy * fields.yOy + wy * fields.yWy;
  const x = fields.xBase + ox * fields.aOx + ct * fields.aCt + wx * fields.aWx;
  const reader = digitReader(feed, oy, program, state);
  acc.fill(0);
  for (let p = 0; p < fields.nPass; p++) {
    const pass = program.passes[fields.passBase + p];
    if (pass === undefined) throw broken(`pass ${fields.passBase + p} does not exist`);
    const values = fields.ring === 1 ? program.ringValues(pass.mode) : program.weightValues(pass.mode);
    const first = fields.ring === 1 ? state.ring.released : fields.wBase + c * fields.wCt;
    if (p > 0 && pass.shift > 0) for (let i = 0; i < acc.length; i++) acc[i]! <<= pass.shift;
    if (fields.ring === 1 && pass.wOff + fields.nKy * fields.nKx * fields.nStep > fields.tileWords) {
      throw broken(`pass ${fields.passBase + p} runs past the ${fields.tileWords} ring words of its column tile`);
    }
    let w = (first + pass.wOff) * lanes * cols;
    for (let ky = 0; ky < fields.nKy; ky++) {
      const pointer = row + ky * fields.aKy;
      const kernelRow = wrapRow(fields, pointer) + pass.aOff;
      for (let kx = 0; kx < fields.nKx; kx++) {
        for (let st = 0; st < fields.nStep; st++) {
          const xx = x + kx * fields.aKx + st * lanes;
          const fold = fields.fold ? foldEntry(program, fields.foldBase + st) : null;
          const run = { a: kernelRow + xx, x: xx, y: y + ky * fields.yKy, pointer, w, fold };
          const live = Math.min(lanes, fields.runLen - st * lanes);
          for (const r of rows) step(reader, run, r, live, { fields, pass, acc, values, cols, columns });
          w += lanes * cols;
        }
      }
    }
  }
}

function foldEntry({ folds }: LoadedProgram, at: number): FoldEntry {
  const entry = folds[at];
  if (entry === undefined) throw broken(`fold entry ${at} does not exist`);
  return entry;
}

interface DigitReader {
  readonly digits: Uint8Array;
  /** Refuses a code that the wait does not cover. */
  readonly check: (at: number) => void;
  readonly isCovered: (at: number) => boolean;
  /** Refuses a code of another row than `pointer` stands for, where rows share a buffer. */
  readonly checkRow: (pointer: number, at: number) => void;
}

function digitReader(run: FeedRun, oy: number, { records }: LoadedProgram, state: FrameState): DigitReader {
  const { fields } = run;
  const { memory, counters } = state;
  const tag = (at: number) => tagAt(memory, fields.group, at);
  const wait = rowWait(counters, fields.inCounter, inputNeed(run, oy));
  const covered = (at: number) => isCovered(tag(at), wait, records);
  const found = rowsFound();
  return {
    digits: memory.digits[fields.group]!,
    isCovered: covered,
    check: (at) => {
      if (at < 0 || at >= memory.codes) throw broken(`FEED leaves activation memory at code ${at}`);
      if (covered(at)) return;
      const { owner, row } = tag(at);
      throw broken(
        `FEED reads code ${at} of group ${fields.group} for output row ${oy}: ` +
          `record ${owner} wrote it in its row ${row}, the wait is for ${wait.need} rows of record ${wait.maker}`,
      );
    },
    checkRow: (pointer, at) => {
      if (fields.bufferSize === 0 || found.agrees(pointer, tag(at))) return;
      throw broken(`FEED reads code ${at} of group ${fields.group} for two rows of its input: the buffer is too small`);
    },
  };
}

interface Run {
  readonly a: number;
  readonly x: number;
  readonly y: number;
  /** To the row, as if its buffer had no end. */
  readonly pointer: number;
  /** Index of the weight word's first value. */
  readonly w: number;
  /** Where each lane reads, with the channel folder. */
  readonly fold: FoldEntry | null;
}

interface Operands {
  readonly fields: FeedRun['fields'];
  readonly pass: PassEntry;
  readonly acc: Int32Array;
  readonly values: Int16Array;
  readonly cols: number;
  /** Columns whose accumulators count. */
  readonly columns: number;
}

/** One row of the array, one cycle: up to LANES digits into every column. */
function step(reader: DigitReader, run: Run, r: number, live: number, operands: Operands): void {
  const { fields, pass, acc, values, cols, columns } = operands;
  // Row r is pixel r % tileCols of the tile's line r / tileCols.
  const line = Math.floor(r / fields.tileCols);
  const a = run.a + (r - line) * fields.aRow + line * fields.aWrap;
  const x = run.x + (r - line) * fields.aRow + line * fields.xWrap;
  const y = run.y + line * fields.yLine;
  if (run.fold !== null) {
    foldedStep(reader, { ...run, a: a + run.fold.aOff }, run.fold, r, live, operands);
    return;
  }
  const inMap = y >= 0 && y < fields.yMax;
  const from = inMap ? Math.min(live, Math.max(0, -x)) : live;
  const to = inMap ? Math.max(from, Math.min(live, fields.xMax - x)) : live;
  if (to > from) {
    if (!(reader.isCovered(a + from) && reader.isCovered(a + to - 1))) checkLanes();
    reader.checkRow(run.pointer, a + from);
  }
  const base = r * cols;
  for (let l = 0; l < live; l++) {
    const digit = l >= from && l < to ? reader.digits[a + l]! : pass.padDigit;
    if (digit === 0) continue;
    const w = run.w + l * cols;
    for (let c = 0; c < cols; c++) acc[base + c]! += digit * values[w + c]!;
  }

  /** A lane without weights reads what it likes: a depthwise tile's last ones may lie behind their pixel. */
  function checkLanes(): void {
    for (let l = from; l < to; l++) {
      const w = run.w + l * cols;
      if (values.subarray(w, w + columns).some((weight) => weight !== 0)) reader.check(a + l);
    }
  }
}

/** The same with the channel folder: every lane in its own segment, none masked. */
function foldedStep(
  reader: DigitReader,
  run: Run,
  { segments }: FoldEntry,
  r: number,
  live: number,
  { fields, acc, values, cols, columns }: Operands,
): void {
  const base = r * cols;
  const stride = fields.foldStride * segments.length;
  for (let l = 0; l < live; l++) {
    const at = run.a + l + segments[l]! * stride;
    const w = run.w + l * cols;
    if (!reader.isCovered(at) && values.subarray(w, w + columns).some((weight) => weight !== 0)) reader.check(at);
    const digit = reader.digits[at] ?? 0;
    if (digit === 0) continue;
    for (let c = 0; c < cols; c++) acc[base + c]! += digit * values[w + c]!;
  }
}
