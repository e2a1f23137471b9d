import type { CodeTensor } from '../../quant/network.js';
import type { FieldName, PostRecord } from '../program/program.js';
import type { ArrayLayer } from './array-layer.js';
import { bufferFields } from './circular-buffer.js';
import type { TensorPlace } from './plan.js';
import { NO_POOL, type Tiling } from './tiling.js';

export interface PostSetting {
  readonly layer: ArrayLayer;
  readonly tiling: Tiling;
  /** Behind the pool. */
  readonly output: CodeTensor;
  readonly parameterBase: number;
  /** Where the layer's table begins; null: it has none. */
  readonly tableBase: number | null;
  readonly residual: { readonly place: TensorPlace; readonly onePixel: boolean } | null;
  /** null: to the stream. */
  readonly place: TensorPlace | null;
  /** null: nobody waits for its rows. */
  readonly counter: number | null;
  /** The frame ends with it. */
  readonly last: boolean;
}

/** 4 for raw accumulators, else the bytes of a code. */
export function elementBytes(layer: ArrayLayer, output: CodeTensor): 1 | 2 | 4 {
  if (layer.requantize === null) return 4;
  return output.bits > 8 ? 2 : 1;
}

export function postRecord(setting: PostSetting): PostRecord {
  const { layer, tiling, output, place } = setting;
  const { requantize } = layer;
  const target = bufferFields(place);
  return {
    opcode: 'post',
    fields: {
      nOy: tiling.nOy,
      nOx: tiling.nOx,
      nCt: tiling.nCt,
      nWy: tiling.nWy,
      nWx: tiling.nWx,
      pixelsPerTile: tiling.pixels,
      slotsFull: tiling.slotsFull,
      slotsLast: tiling.slotsLast,
      tailCount: tiling.tail,
      outCols: output.width,
      pBase: setting.parameterBase,
      raw: requantize === null ? 1 : 0,
      nearestEven: requantize?.round === 'nearest-even' ? 1 : 0,
      lo: requantize?.lo ?? 0,
      hi: requantize?.hi ?? 0,
      ...poolFields(layer, tiling),
      ...residualFields(setting),
      toStream: layer.toStream ? 1 : 0,
      elementBytes: layer.toStream ? elementBytes(layer, output) : 0,
      group: place?.group ?? 0,
      planes: place?.planes ?? 0,
      dPlane: place?.planeStride ?? 0,
      dBase: place?.base ?? 0,
      dOy: tiling.lines * (place?.rowPitch ?? 0),
      dOx: tiling.columns * (place?.pixelPitch ?? 0),
      dRow: place?.pixelPitch ?? 0,
      outCounter: setting.counter ?? 0,
      accMin: layer.accRange.min,
      accMax: layer.accRange.max,
      mulEnable: layer.product ? 1 : 0,
      aOffset: layer.product?.accumulator ?? 0,
      rOffset: layer.product?.residual ?? 0,
      tableEnable: setting.tableBase === null ? 0 : 1,
      tableBase: setting.tableBase ?? 0,
      last: setting.last ? 1 : 0,
      count: setting.counter === null ? 0 : 1,
      nCo: tiling.nCo,
      tileCols: tiling.columns,
      outRows: output.height,
      dLine: tiling.lines === 1 ? 0 : (place?.rowPitch ?? 0),
      countStep: tiling.lines,
      dBufferEnd: target.bufferEnd,
      dBufferSize: target.bufferSize,
      rBufferEnd: 0,
      rBufferSize: 0,
      resume: 0,
      context: 0,
    },
  };
}

type PoolField = Extract<
  FieldName<'post'>,
  'poolEnable' | 'cyBase' | 'cyOy' | 'convRows' | 'cxBase' | 'cxOx' | 'cxRow' | 'convCols' | 'cyLine'
>;

/** Without a mask every tap counts: the window starts at 0 and lies inside a map of its own size. */
function poolFields(layer: ArrayLayer, tiling: Tiling): Record<PoolField, number> {
  const pool = layer.pool ?? NO_POOL;
  const masked = pool.masked ? 1 : 0;
  return {
    poolEnable: layer.pool === null ? 0 : 1,
    cyBase: masked * -pool.padTop + 0,
    cyOy: masked * tiling.lines * pool.strides[0],
    convRows: masked ? layer.convHeight : pool.kernel[0],
    cxBase: masked * -pool.padLeft + 0,
    cxOx: masked * tiling.columns * pool.strides[1],
    cxRow: masked * pool.strides[1],
    cyLine: tiling.lines === 1 ? 0 : masked * pool.strides[0],
    convCols: masked ? layer.convWidth : pool.kernel[1],
  };
}

type ResidualField = Extract<
  FieldName<'post'>,
  'resEnable' | 'resGroup' | 'resPlanes' | 'rPlane' | 'rBase' | 'rOy' | 'rOx' | 'rWy' | 'rWx' | 'rRow' | 'rLine'
>;

function residualFields({ layer, tiling, residual }: PostSetting): Record<ResidualField, number> {
  const pool = layer.pool ?? NO_POOL;
  const place = residual?.place;
  const moves = residual !== null && !residual.onePixel;
  const rowPitch = moves ? residual.place.rowPitch : 0;
  const pixelPitch = moves ? residual.place.pixelPitch : 0;
  return {
    resEnable: residual ? 1 : 0,
    resGroup: place?.group ?? 0,
    resPlanes: place?.planes ?? 0,
    rPlane: place?.planeStride ?? 0,
    rBase: (place?.base ?? 0) - pool.padTop * rowPitch - pool.padLeft * pixelPitch,
    rOy: tiling.lines * pool.strides[0] * rowPitch,
    rOx: tiling.columns * pool.strides[1] * pixelPitch,
    rWy: pool.dilations[0] * rowPitch,
    rWx: pool.dilations[1] * pixelPitch,
    rRow: pool.strides[1] * pixelPitch,
    rLine: tiling.lines === 1 ? 0 : pool.strides[0] * rowPitch,
  };
}
