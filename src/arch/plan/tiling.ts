import type { CodeTensor } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { ArrayLayer, PoolWindow } from './array-layer.js';

/** How the outputs of a layer are cut into tiles and slots. */
export interface Tiling {
  /** Output pixels of one tile: the array's rows, or 1 where the stream's order asks for it. */
  readonly pixels: number;
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

/** @param output the tensor behind the pool */
export function tileLayer(layer: ArrayLayer, output: CodeTensor, machine: Machine): Tiling {
  const { rows, cols, postWidth } = machine;
  const nCt = Math.ceil(output.channels / cols);
  const pixels = layer.toStream && nCt > 1 ? 1 : rows;
  const [nWy, nWx] = (layer.pool ?? NO_POOL).kernel;
  const lastChannels = output.channels - (nCt - 1) * cols;
  const slotsLast = Math.ceil(lastChannels / postWidth);
  return {
    pixels,
    nOy: output.height,
    nOx: Math.ceil(output.width / pixels),
    nCt,
    nWy,
    nWx,
    slotsFull: cols / postWidth,
    slotsLast,
    tail: lastChannels - (slotsLast - 1) * postWidth,
  };
}

/** Tiles of one frame. */
export function tileCount(tiling: Tiling): number {
  return tiling.nOy * tiling.nOx * tiling.nCt * tiling.nWy * tiling.nWx;
}
