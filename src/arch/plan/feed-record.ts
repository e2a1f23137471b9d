import type { Machine } from '../machine.js';
import type { FeedRecord } from '../program/program.js';
import type { ArrayLayer } from './array-layer.js';
import { bufferFields, rowAddress } from './circular-buffer.js';
import { type ConvMap, stepsPerRun } from './conv-map.js';
import type { TensorPlace } from './plan.js';
import type { RowNeed } from './row-needs.js';
import { NO_POOL, type Tiling } from './tiling.js';

export interface FeedWait {
  readonly counter: number;
  readonly need: RowNeed;
}

export interface FeedSetting {
  readonly layer: ArrayLayer;
  readonly map: ConvMap;
  readonly tiling: Tiling;
  readonly input: TensorPlace;
  /** What FEED waits for: rows of its input. */
  readonly rows: FeedWait;
  readonly passes: { readonly base: number; readonly count: number };
  /** tileWords: of one column tile that comes through the ring; 0: they lie at `base`. */
  readonly foldBase: number;
  readonly weights: { readonly base: number; readonly columnTileStride: number; readonly tileWords: number };
  /** And beside its input: the residual's rows. */
  readonly residual: FeedWait | null;
  /** Cycles POST takes for one slot. */
  readonly cyclesPerSlot: number;
}

export function feedRecord(setting: FeedSetting, machine: Machine): FeedRecord {
  const { layer, map, tiling, input, rows } = setting;
  const pool = layer.pool ?? NO_POOL;
  const { rowPitch, rowCodes, pixelPitch } = map.view;
  const yBase = 0 - pool.padTop * map.rowStep - map.padTop;
  const xBase = (0 - pool.padLeft * map.columnStep - map.padLeft) * pixelPitch;
  const yOy = pool.strides[0] * map.rowStep;
  const yWy = pool.dilations[0] * map.rowStep;
  const pixelStep = pool.strides[1] * map.columnStep * pixelPitch;
  /** From the first pixel of a tile's line to its last. */
  const lineEnd = (tiling.columns - 1) * pixelStep;
  const merged = map.runRows > 1 && map.fold === null;
  const slotsFull = tiling.slotsFull * tiling.pixels;
  const slotsLast = tiling.slotsLast * tiling.pixels;
  return {
    opcode: 'feed',
    fields: {
      nOy: tiling.nOy,
      nOx: tiling.nOx,
      nCt: tiling.nCt,
      nWy: tiling.nWy,
      nWx: tiling.nWx,
      nPass: setting.passes.count,
      nKy: map.kernelRows,
      nKx: map.kernelColumns,
      nStep: stepsPerRun(map, machine),
      group: input.group,
      aBase: rowAddress(input, yBase),
      aOy: tiling.lines * yOy * rowPitch,
      aOx: tiling.columns * pixelStep,
      aCt: map.depthwise ? machine.cols : 0,
      aWy: yWy * rowPitch,
      aWx: pool.dilations[1] * map.columnStep * pixelPitch,
      aKy: map.rowDilation * rowPitch,
      aKx: map.columnDilation * pixelPitch,
      aRow: tiling.pixels === 1 ? 0 : pixelStep,
      yBase,
      yOy: merged ? 0 : tiling.lines * yOy,
      yWy: merged ? 0 : yWy,
      yKy: map.rowDilation,
      yMax: merged ? 1 : map.view.rows,
      xBase,
      xMax: merged ? map.run : rowCodes,
      runLen: map.run,
      passBase: setting.passes.base,
      wBase: setting.weights.base,
      wCt: setting.weights.columnTileStride,
      slotsFull,
      slotsLast,
      paceFull: slotsFull * setting.cyclesPerSlot,
      paceLast: slotsLast * setting.cyclesPerSlot,
      inCounter: rows.counter,
      inNeed0: rows.need.first,
      inNeedStep: rows.need.step,
      inRows: rows.need.rows,
      resEnable: setting.residual ? 1 : 0,
      resCounter: setting.residual?.counter ?? 0,
      resNeed0: setting.residual?.need.first ?? 0,
      resNeedStep: setting.residual?.need.step ?? 0,
      resRows: setting.residual?.need.rows ?? 0,
      nCo: tiling.nCo,
      ring: setting.weights.tileWords > 0 ? 1 : 0,
      tileWords: setting.weights.tileWords,
      fold: map.fold ? 1 : 0,
      foldBase: setting.foldBase,
      foldStride: map.fold?.stride ?? 0,
      tileCols: tiling.lines === 1 ? machine.rows : tiling.columns,
      aWrap: tiling.lines === 1 ? 0 : yOy * rowPitch - lineEnd,
      xWrap: tiling.lines === 1 ? 0 : 0 - lineEnd,
      yLine: tiling.lines === 1 || merged ? 0 : yOy,
      ...bufferFields(input),
      resume: 0,
      context: 0,
      free: 0,
      freeCounter: 0,
      freeStep: 0,
    },
  };
}
