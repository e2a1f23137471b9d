import type { DepthwiseRecord } from '../program/program.js';
import { broken, requireInside } from './activation-memory.js';
import { isCovered, rowWait, tagAt } from './covered-reads.js';
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
  /** [tap][lane] */
  const acc = Array.from({ length: taps }, () => new Int32Array(lanes));
  const codes = new Int32Array(lanes);

  /** One read: LANES codes of a pixel, or the padding code outside the map. */
  function read(oy: number, g: number, c: number, ky: number, kx: number, live: number): void {
    const y = fields.yBase + oy * fields.yOy + ky * fields.yKy;
    const x = fields.xBase + c * fields.xC + kx * fields.xKx;
    if (!(y >= 0 && y < fields.yMax && x >= 0 && x < fields.xMax)) {
      codes.fill(fields.padCode);
      return;
    }
    const row = fields.aBase + oy * fields.aOy + ky * fields.aKy;
    const a = row + g * lanes + c * fields.aC + kx * fields.aKx;
    requireInside(state.memory, a, a + live, 'the depthwise unit');
    const wait = rowWait(state.counters, fields.inCounter, depthwiseNeed(fields, oy));
    for (let l = 0; l < live; l++) {
      const tag = tagAt(state.memory, fields.group, a + l);
      if (!isCovered(tag, wait, program.records)) {
        throw broken(
          `the depthwise unit reads code ${a + l} of record ${tag.owner}; its wait is for ${wait.need} rows of ${wait.maker}`,
        );
      }
      codes[l] = state.memory.digits[fields.group]![a + l]!;
    }
  }

  function step(word: number, first: boolean, fresh: boolean): void {
    for (let k = taps - 1; k >= 0; k--) {
      const own = acc[k]!;
      const from = k === 0 ? null : acc[k - 1]!;
      for (let l = 0; l < lanes; l++) {
        const before = !first ? own[l]! : fresh || from === null ? 0 : from[l]!;
        const weight = program.kernels[(word * lanes + l) * taps + k];
        if (weight === undefined) throw broken(`the depthwise unit reads weight word ${word}, which does not exist`);
        own[l] = before + codes[l]! * weight;
      }
    }
  }

  function emit(oy: number, g: number, n: number, live: number, index: number): void {
    const addr = fields.dBase + oy * fields.dOy + g * lanes + n * fields.dOx;
    requireInside(state.memory, addr, addr + live, 'the depthwise unit');
    const slot = fields.pBase + g * fields.slotsFull;
    for (let l = 0; l < live; l++) {
      const value = (acc[taps - 1]![l]! << unused) >> unused;
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
            step(word, ky === 0 && kx === 0, c === 0 || fields.chain === 0);
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
