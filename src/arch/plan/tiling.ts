import type { CodeTensor } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { ArrayLayer, PoolWindow } from './array-layer.js';
import { chooseShape, type TileWork } from './tile-shape.js';

/** How the outputs of a layer are cut into tiles and slots. */
export interface Tiling {
  /** Output pixels of one tile: the array's rows, or 1. */
  readonly pixels: number;
  /** They lie side by side in `columns` columns of `lines` lines. */
  readonly columns: number;
  readonly lines: number;
  /** Column tiles outside the rows (weights from the ring), or inside them (nCt); one of both is 1. */
  readonly nCo: number;
  readonly nOy: number;
  readonly nOx: number;
  readonly nCt: number;
  readonly nWy: number;
  readonly nWx: number;
  /** Slots of one pixel, for all column tiles but the last, and for the last. */
  readonly slotsFull: number;
  readonly slotsLast: number;
  /** Channels of the very last slot. */
  readonly tail: number;
}

/** The pool of a layer without one: each output is one convolution pixel. */
export const NO_POOL: PoolWindow = {
  kernel: [1, 1],
  strides: [1, 1],
  dilations: [1, 1],
  padTop: 0,
  padLeft: 0,
  masked: false,
};

/**
 * @param output the tensor behind the pool
 * @param work what one tile costs
 */
export function tileLayer(layer: ArrayLayer, output: CodeTensor, work: TileWork, machine: Machine): Tiling {
  const { cols, postWidth } = machine;
  const nCt = Math.ceil(output.channels / cols);
  const [nWy, nWx] = (layer.pool ?? NO_POOL).kernel;
  const lastChannels = output.channels - (nCt - 1) * cols;
  const slotsLast = Math.ceil(lastChannels / postWidth);
  const slotsFull = cols / postWidth;
  const slots = { columnTiles: nCt, full: slotsFull, last: slotsLast };
  const { columns, lines } = chooseShape(layer, output, slots, work, machine);
  return {
    pixels: columns * lines,
    columns,
    lines,
    nCo: 1,
    nOy: Math.ceil(output.height / lines),
    nOx: Math.ceil(output.width / columns),
    nCt,
    nWy,
    nWx,
    slotsFull,
    slotsLast,
    tail: lastChannels - (slotsLast - 1) * postWidth,
  };
}

/** The same tiles, one column tile after the other for the whole map. */
export function columnTileOuter(tiling: Tiling): Tiling {
  return { ...tiling, nCo: tiling.nCo * tiling.nCt, nCt: 1 };
}

/** Tiles of one frame. */
export function tileCount(tiling: Tiling): number {
  return tiling.nCo * tiling.nOy * tiling.nOx * tiling.nCt * tiling.nWy * tiling.nWx;
}
