import type { FeedRecord, PassEntry } from '../program/program.js';
import { broken } from './activation-memory.js';
import { isCovered } from './covered-reads.js';
import { waitFor } from './row-counters.js';
import type { FrameState, LoadedProgram } from './state.js';

/** Position of a tile in FEED's loops. */
export interface Tile {
  readonly oy: number;
  readonly ox: number;
  readonly ct: number;
  readonly wy: number;
  readonly wx: number;
}

/** FEED's waits before output row oy. */
export function waitForRows({ fields }: FeedRecord, oy: number, state: FrameState): void {
  waitFor(state.counters, fields.inCounter, inputNeed({ fields }, oy), 'FEED');
  if (fields.resEnable) waitFor(state.counters, fields.resCounter, residualNeed({ fields }, oy), 'FEED');
}

export function inputNeed({ fields }: Pick<FeedRecord, 'fields'>, oy: number): number {
  return Math.min(fields.inNeed0 + oy * fields.inNeedStep, fields.inRows);
}

export function residualNeed({ fields }: Pick<FeedRecord, 'fields'>, oy: number): number {
  return Math.min(fields.resNeed0 + oy * fields.resNeedStep, fields.resRows);
}

/** What of the array one tile uses. */
export interface TileExtent {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Accumulators of one tile into acc, [row][column], for the first rows of the array; those of its first columns count.
 * @throws SystoleError plan-invalid when it reads what no wait has made sure of
 */
export function runTile(
  { fields }: FeedRecord,
  tile: Tile,
  { rows, columns }: TileExtent,
  acc: Int32Array,
  program: LoadedProgram,
  state: FrameState,
): void {
  const { oy, ox, ct, wy, wx } = tile;
  const { lanes, cols } = program.machine;
  const a = fields.aBase + oy * fields.aOy + ox * fields.aOx + ct * fields.aCt + wy * fields.aWy + wx * fields.aWx;
  const y = fields.yBase + oy * fields.yOy + wy * fields.yWy;
  const x = fields.xBase + ox * fields.aOx + ct * fields.aCt + wx * fields.aWx;
  const reader = digitReader({ fields }, oy, program, state);
  acc.fill(0);
  for (let p = 0; p < fields.nPass; p++) {
    const pass = program.passes[fields.passBase + p];
    if (pass === undefined) throw broken(`pass ${fields.passBase + p} does not exist`);
    const values = program.weightValues(pass.mode);
    if (p > 0 && pass.shift > 0) for (let i = 0; i < acc.length; i++) acc[i]! <<= pass.shift;
    let w = (fields.wBase + ct * fields.wCt + pass.wOff) * lanes * cols;
    for (let ky = 0; ky < fields.nKy; ky++) {
      const yy = y + ky * fields.yKy;
      const inMap = yy >= 0 && yy < fields.yMax;
      for (let kx = 0; kx < fields.nKx; kx++) {
        for (let st = 0; st < fields.nStep; st++) {
          const offset = kx * fields.aKx + st * lanes;
          const run = { a: a + pass.aOff + ky * fields.aKy + offset, x: x + offset, inMap, w };
          const live = Math.min(lanes, fields.runLen - st * lanes);
          for (let r = 0; r < rows; r++) step(reader, run, r, live, { fields, pass, acc, values, cols, columns });
          w += lanes * cols;
        }
      }
    }
  }
}

interface DigitReader {
  readonly digits: Uint8Array;
  /** Refuses a code that the wait does not cover. */
  readonly check: (at: number) => void;
  readonly isCovered: (at: number) => boolean;
}

function digitReader(
  { fields }: Pick<FeedRecord, 'fields'>,
  oy: number,
  { records }: LoadedProgram,
  state: FrameState,
): DigitReader {
  const { memory, counters } = state;
  const owner = memory.owner[fields.group]!;
  const row = memory.row[fields.group]!;
  const maker = counters.owner[fields.inCounter]!;
  const need = inputNeed({ fields }, oy);
  const covered = (at: number) => isCovered({ owner: owner[at], row: row[at] }, { maker, need }, records);
  return {
    digits: memory.digits[fields.group]!,
    isCovered: covered,
    check: (at) => {
      if (at < 0 || at >= memory.codes) throw broken(`FEED leaves activation memory at code ${at}`);
      if (covered(at)) return;
      throw broken(
        `FEED reads code ${at} of group ${fields.group} for output row ${oy}: ` +
          `record ${owner[at]} wrote it in its row ${row[at]}, the wait is for ${need} rows of record ${maker}`,
      );
    },
  };
}

interface Run {
  readonly a: number;
  readonly x: number;
  readonly inMap: boolean;
  /** Index of the weight word's first value. */
  readonly w: number;
}

interface Operands {
  readonly fields: FeedRecord['fields'];
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
  const a = run.a + r * fields.aRow;
  const x = run.x + r * fields.aRow;
  const from = run.inMap ? Math.min(live, Math.max(0, -x)) : live;
  const to = run.inMap ? Math.max(from, Math.min(live, fields.xMax - x)) : live;
  if (to > from && !(reader.isCovered(a + from) && reader.isCovered(a + to - 1))) checkLanes();
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
