/** Random FEED records: every loop, tile shape, circular buffers, contexts; small, so that many run. */
import type { FoldEntry } from '../../src/arch/program/fold-memory.js';
import type { PassEntry } from '../../src/arch/program/program.js';
import type { Feed } from './feed-model.js';
import type { Pick } from './random.js';

export interface FeedMachine {
  readonly ROWS: number;
  readonly LANES: number;
  readonly AD: number;
  readonly AW: number;
  readonly FIFO_ENTRIES: number;
  readonly CONTEXTS: number;
  readonly FOLD_ENTRIES: number;
  readonly RING_WORDS: number;
}

const MODES = ['unsigned', 'signed', 'bipolar'] as const;
const PASSES = 16;

export function randomFeeds(pick: Pick, machine: FeedMachine) {
  const codes = 2 ** machine.AW;
  const passes: PassEntry[] = Array.from({ length: PASSES }, () => ({
    aOff: pick(codes),
    wOff: pick(64),
    shift: pick(9),
    mode: MODES[pick(3)]!,
    padDigit: pick(2 ** machine.AD),
  }));
  const folds: FoldEntry[] = Array.from({ length: 16 }, () => ({
    aOff: pick(2 * codes) - codes,
    segments: Array.from({ length: machine.LANES }, () => pick(8)),
  }));
  const records: Feed[] = [];
  for (let i = 0; i < 2 + pick(4); i += 1) records.push(randomFeed(pick, machine, records));
  return { records, passes, folds };
}

function randomFeed(pick: Pick, machine: FeedMachine, before: readonly Feed[]): Feed {
  const { ROWS, LANES, AW, CONTEXTS, FIFO_ENTRIES, FOLD_ENTRIES, RING_WORDS } = machine;
  const codes = 2 ** AW;
  const around = (n: number) => pick(2 * n + 1) - n;
  const outer = pick(2) === 0;
  const nOy = 1 + pick(4);
  const circular = CONTEXTS > 0 && pick(2) === 0;
  const tileCols = circular || pick(2) === 0 ? ROWS : 2 ** pick(4);
  const fits = tileCols === ROWS || (tileCols < ROWS && ROWS % tileCols === 0);
  const pitch = 4 + pick(12);
  const bufferRows = 2 + pick(Math.min(5, Math.floor(codes / pitch) - 1));
  const bufferSize = circular ? bufferRows * pitch : 0;
  const bufferEnd = circular ? bufferSize + pick(codes - bufferSize + 1) : 0;
  const step = () => (circular ? pick(bufferRows) * pitch : around(40));
  const kept = before.at(-1);
  const fold = FOLD_ENTRIES > 0 && pick(2) === 0;
  const ring = RING_WORDS > 0 && pick(2) === 0;
  const nStep = 1 + pick(3);
  const slots = 1 + pick(FIFO_ENTRIES / 2);
  const fresh: Feed = {
    nOy,
    nOx: 1 + pick(3),
    nCt: outer || ring ? 1 : 1 + pick(3),
    nCo: outer ? 1 + pick(3) : 1,
    nWy: 1 + pick(2),
    nWx: 1 + pick(2),
    nPass: 1 + pick(3),
    nKy: fold ? 1 : 1 + pick(3),
    nKx: fold ? 1 : 1 + pick(3),
    nStep,
    group: pick(2),
    aBase: circular ? bufferEnd - bufferSize + pick(bufferRows) * pitch : around(60),
    aOy: step(),
    aOx: around(12),
    aCt: around(8),
    aWy: step(),
    aWx: around(6),
    aKy: step(),
    aKx: around(6),
    aRow: around(6),
    yBase: around(4),
    yOy: around(2),
    yWy: around(2),
    yKy: around(2),
    yMax: pick(10),
    xBase: around(20),
    xMax: pick(60),
    runLen: (nStep - 1) * LANES + 1 + pick(LANES),
    passBase: pick(PASSES - 2),
    wBase: ring ? 0 : pick(50),
    wCt: ring ? 0 : pick(20),
    slotsFull: slots,
    slotsLast: 1 + pick(slots),
    paceFull: 1 + pick(12),
    paceLast: 1 + pick(12),
    inCounter: 0,
    inNeed0: pick(3),
    inNeedStep: pick(3),
    inRows: 1 + pick(8),
    resEnable: pick(2),
    resCounter: 1,
    resNeed0: pick(3),
    resNeedStep: pick(3),
    resRows: 1 + pick(8),
    ring: ring ? 1 : 0,
    tileWords: ring ? 1 + pick(RING_WORDS) : 0,
    fold: fold ? 1 : 0,
    foldBase: fold ? pick(16 - nStep) : 0,
    foldStride: fold ? pick(codes / LANES) : 0,
    tileCols: fits ? tileCols : ROWS,
    aWrap: around(30),
    xWrap: around(30),
    yLine: around(2),
    bufferEnd,
    bufferSize,
    resume: 0,
    context: CONTEXTS > 0 ? pick(CONTEXTS) : 0,
    free: pick(2),
    freeCounter: 2 + pick(3),
    freeStep: pick(4),
  };
  // One in three goes on with what the record before has left.
  const goesOn = CONTEXTS > 0 && kept !== undefined && pick(3) === 0;
  return goesOn ? { ...kept, nCo: 1, nOy, resume: 1 } : fresh;
}
