import type { DepthwiseRecord } from '../program/program.js';
import { UNIT_OPS } from '../program/records.js';
import { broken, requireInside } from './activation-memory.js';
import { isCovered, type RowWait, rowWait, tagAt } from './covered-reads.js';
import { requantize } from './requantize.js';
import { takeCounter, waitFor } from './row-counters.js';
import type { FrameState, LoadedProgram } from './state.js';

type Fields = DepthwiseRecord['fields'];
type UnitProgram = Pick<LoadedProgram, 'machine' | 'records' | 'kernels' | 'scales'>;

/** Rows of the input that output row oy waits for. */
export function depthwiseNeed({ inNeed0, inNeedStep, inRows }: Fields, oy: number): number {
  return Math.min(inNeed0 + oy * inNeedStep, inRows);
}

/**
 * The depthwise unit: one record (docs/machine.md, DEPTHWISE).
 * @throws SystoleError plan-invalid
 */
export function runDepthwise(record: DepthwiseRecord, index: number, program: UnitProgram, state: FrameState): void {
  const { fields } = record;
  const unit = depthwiseUnit(fields, program, state);
  // A record in the shadow clears its counter while the one before it, and the array's layers before, are at work.
  const before = state.counters.owner[fields.inCounter]!;
  takeCounter(state.counters, fields.outCounter, index);
  if (fields.outCounter === fields.inCounter) throw broken(`record ${before} counts where the depthwise unit counts`);
  for (let oy = 0; oy < fields.nOy; oy++) {
    waitFor(state.counters, fields.inCounter, depthwiseNeed(fields, oy), 'the depthwise unit');
    for (let g = 0; g < fields.nG; g++) unit.row(oy, g, index);
    state.counters.value[fields.outCounter]! += 1;
  }
}

function depthwiseUnit(fields: Fields, program: UnitProgram, state: FrameState) {
  const { lanes, accBits, depthwise } = program.machine;
  if (depthwise === null) throw broken('a depthwise record on a machine without the unit');
  const { taps, postWidth } = depthwise;
  const how = { nearestEven: fields.nearestEven === 1, lo: fields.lo, hi: fields.hi };
  const unused = 32 - accBits;
  const columnsBefore = fields.chain === 1 ? fields.outFirst : 0;
  /** [tap][lane] */
  const acc = Array.from({ length: taps }, () => new Int32Array(lanes));
  const codes = new Int32Array(lanes);
  const sums = new Int32Array(lanes);
  /** Largest codes of this column, and of those before it in the row. */
  let maxima: Int32Array[] = [];

  /** One read: LANES codes of a pixel, or of a pair of pixels; the padding code outside the map. */
  function read(oy: number, g: number, c: number, ky: number, kx: number, live: number): void {
    const y = fields.yBase + oy * fields.yOy + ky * fields.yKy;
    const x = fields.xBase + c * fields.xC + kx * fields.xKx;
    const row = fields.aBase + oy * fields.aOy + ky * fields.aKy;
    const a = row + g * lanes + c * fields.aC + kx * fields.aKx;
    const wait = rowWait(state.counters, fields.inCounter, depthwiseNeed(fields, oy));
    for (let l = 0; l < live; l++) {
      const at = x + (fields.pair === 1 && l >= lanes / 2 ? 1 : 0);
      const inMap = y >= 0 && y < fields.yMax && at >= 0 && at < fields.xMax;
      codes[l] = inMap ? code(a + l, wait) : fields.padCode;
    }
  }

  function code(at: number, wait: RowWait): number {
    requireInside(state.memory, at, at + 1, 'the depthwise unit');
    const tag = tagAt(state.memory, fields.group, at);
    if (!isCovered(tag, wait, program.records)) {
      const awaited = `its wait is for ${wait.need} rows of ${wait.maker}`;
      throw broken(`the depthwise unit reads code ${at} of record ${tag.owner}; ${awaited}`);
    }
    return state.memory.digits[fields.group]![at]!;
  }

  function product(word: number, l: number, t: number): number {
    const weight = program.kernels[(word * lanes + l) * taps + t];
    if (weight === undefined) throw broken(`the depthwise unit reads weight word ${word}, which does not exist`);
    return codes[l]! * weight;
  }

  function step(word: number, first: boolean, fresh: boolean): void {
    for (let t = taps - 1; t >= 0; t--) {
      const own = acc[t]!;
      const from = t === 0 ? null : acc[t - 1]!;
      for (let l = 0; l < lanes; l++) {
        const before = !first ? own[l]! : fresh || from === null ? 0 : from[l]!;
        own[l] = before + product(word, l, t);
      }
    }
  }

  function sumStep(first: boolean): void {
    for (let l = 0; l < lanes; l++) sums[l] = (first ? 0 : sums[l]!) + codes[l]!;
  }

  function maxStep(first: boolean, fresh: boolean): void {
    if (first) maxima = [new Int32Array(lanes), ...(fresh ? [] : maxima)].slice(0, 1 + columnsBefore);
    const most = maxima[0]!;
    for (let l = 0; l < lanes; l++) most[l] = Math.max(most[l]!, codes[l]!);
  }

  function made(l: number): number {
    if (fields.op === UNIT_OPS.max) return Math.max(...maxima.map((most) => most[l]!));
    return ((fields.op === UNIT_OPS.sum ? sums[l]! : acc[taps - 1]![l]!) << unused) >> unused;
  }

  /** Two pixels at once: what of a kernel's three columns meets this pair begins outputs and ends those of the pair before. */
  function pairStep(word: number, first: boolean, fresh: boolean): void {
    const half = lanes / 2;
    const begun = acc[taps - 2]!;
    const ended = acc[taps - 1]!;
    for (let l = 0; l < lanes; l++) {
      const other = product(word, (l + half) % lanes, taps - 2);
      ended[l] = (!first ? ended[l]! : fresh ? 0 : begun[l]!) + product(word, l, taps - 1) + (l < half ? 0 : other);
    }
    for (let l = 0; l < lanes; l++) {
      const other = product(word, (l + half) % lanes, taps - 2);
      begun[l] = (first ? 0 : begun[l]!) + product(word, l, taps - 3) + (l < half ? other : 0);
    }
  }

  function emit(oy: number, g: number, n: number, live: number, index: number): void {
    const addr = fields.dBase + oy * fields.dOy + g * lanes + n * fields.dOx;
    requireInside(state.memory, addr, addr + live, 'the depthwise unit');
    const slot = fields.pBase + g * fields.slotsFull;
    for (let l = 0; l < live; l++) {
      const value = made(l);
      if (value < fields.accMin || value > fields.accMax) {
        throw broken(`accumulator ${value} of the depthwise unit is not in ${fields.accMin}..${fields.accMax}`);
      }
      const scale = program.scales[slot * postWidth + l];
      if (scale === undefined) throw broken(`the depthwise unit reads parameter word ${slot}, which does not exist`);
      state.memory.digits[fields.dGroup]![addr + l] = requantize(value, 0, { ...scale, r: 0 }, how);
      state.memory.owner[fields.dGroup]![addr + l] = index;
      state.memory.row[fields.dGroup]![addr + l] = oy;
    }
  }

  return {
    row(oy: number, g: number, index: number): void {
      const last = g === fields.nG - 1;
      const slots = last ? fields.slotsLast : fields.slotsFull;
      const live = last ? (slots - 1) * postWidth + fields.tailCount : slots * postWidth;
      let untilOut = fields.outFirst;
      let outputs = 0;
      for (let c = 0; c < fields.nC; c++) {
        let word = fields.wBase + g * fields.wGroup;
        for (let ky = 0; ky < fields.nKy; ky++) {
          for (let kx = 0; kx < fields.nKx; kx++) {
            read(oy, g, c, ky, kx, live);
            const first = ky === 0 && kx === 0;
            const fresh = c === 0 || fields.chain === 0;
            if (fields.op === UNIT_OPS.max) maxStep(first, fresh);
            else if (fields.op === UNIT_OPS.sum) sumStep(first);
            else if (fields.pair === 1) pairStep(word, first, fresh);
            else step(word, first, fresh);
            word += fields.wStep;
          }
        }
        if (untilOut > 0) {
          untilOut -= 1;
          continue;
        }
        untilOut = fields.outStep - 1;
        emit(oy, g, outputs, live, index);
        outputs += 1;
      }
      if (untilOut !== fields.outStep - 1) throw broken('the depthwise unit ends a row between two outputs');
    },
  };
}
