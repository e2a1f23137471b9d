import type { ArrayLayer } from './array-layer.js';
import type { ConvMap } from './conv-map.js';
import { NO_POOL, type Tiling } from './tiling.js';

/** Rows a tensor must have before output row oy: min(first + oy*step, rows). */
export interface RowNeed {
  readonly first: number;
  readonly step: number;
  readonly rows: number;
}

export function inputNeed(layer: ArrayLayer, map: ConvMap): RowNeed {
  const pool = layer.pool ?? NO_POOL;
  const lastConvRow = (pool.kernel[0] - 1) * pool.dilations[0] - pool.padTop;
  const lastRow = lastConvRow * map.rowStep - map.padTop + (map.kernelRows - 1) * map.rowDilation + map.runRows;
  return { first: Math.max(0, lastRow), step: pool.strides[0] * map.rowStep, rows: map.view.rows };
}

/** Of the residual, which lies pixel for pixel under the convolution's output. */
export function residualNeed(layer: ArrayLayer): RowNeed {
  const pool = layer.pool ?? NO_POOL;
  const first = (pool.kernel[0] - 1) * pool.dilations[0] - pool.padTop + 1;
  return { first: Math.max(0, first), step: pool.strides[0], rows: layer.convHeight };
}

/** True where the layer's last output row waits for every row of the tensor. */
export function waitsForAll(need: RowNeed, tiling: Tiling): boolean {
  return need.first + (tiling.nOy - 1) * need.step >= need.rows;
}
