import type { CodeTensor } from '../../quant/network.js';
import type { ArrayLayer } from './array-layer.js';
import type { ConvMap } from './conv-map.js';
import { NO_POOL } from './tiling.js';

/** Rows a tensor must have before output row oy: min(first + oy*step, rows). */
export interface RowNeed {
  readonly first: number;
  readonly step: number;
  readonly rows: number;
}

export function inputNeed(layer: ArrayLayer, map: ConvMap): RowNeed {
  // It reads nothing, but must not begin before the frame does: cycles are counted from its first beat.
  if (layer.blank) return { first: 1, step: 0, rows: 1 };
  const pool = layer.pool ?? NO_POOL;
  const lastConvRow = (pool.kernel[0] - 1) * pool.dilations[0] - pool.padTop;
  const lastRow = lastConvRow * map.rowStep - map.padTop + (map.kernelRows - 1) * map.rowDilation + map.runRows;
  return { first: Math.max(0, lastRow), step: pool.strides[0] * map.rowStep, rows: map.view.rows };
}

/** The first row of its input that output row oy reads is first + oy*step; below 0: padding. */
export function firstInputRow(layer: ArrayLayer, map: ConvMap): { readonly first: number; readonly step: number } {
  const pool = layer.pool ?? NO_POOL;
  return { first: 0 - pool.padTop * map.rowStep - map.padTop, step: pool.strides[0] * map.rowStep };
}

/** Of the residual, which lies pixel for pixel under the convolution's output, or is one pixel for all of it. */
export function residualNeed(layer: ArrayLayer, residual: CodeTensor): RowNeed {
  if (isOnePixel(residual)) return { first: 1, step: 0, rows: 1 };
  const pool = layer.pool ?? NO_POOL;
  const first = (pool.kernel[0] - 1) * pool.dilations[0] - pool.padTop + 1;
  return { first: Math.max(0, first), step: pool.strides[0], rows: layer.convHeight };
}

/** Then every output pixel meets the same codes. */
export function isOnePixel({ height, width }: CodeTensor): boolean {
  return height === 1 && width === 1;
}
