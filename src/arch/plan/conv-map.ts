/** A convolution as runs of consecutive codes: what FEED's loops walk. */
import type { CodeTensor, WeightArray } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { ArrayLayer } from './array-layer.js';
import { type FoldedWindow, foldWindow } from './fold-window.js';
import type { Border } from './stored-layout.js';
import { NO_POOL } from './tiling.js';

/** How the input lies in memory, in codes. */
export interface InputView {
  /** Rows its counter counts. */
  readonly rows: number;
  readonly rowPitch: number;
  readonly rowCodes: number;
  readonly pixelPitch: number;
}

export interface ConvMap {
  readonly view: InputView;
  readonly kernelRows: number;
  readonly kernelColumns: number;
  /** Codes of one run: kernel columns and channels, or more, merged. */
  readonly run: number;
  readonly rowStep: number;
  readonly columnStep: number;
  readonly rowDilation: number;
  readonly columnDilation: number;
  readonly padTop: number;
  readonly padLeft: number;
  /** Input rows one run reaches over: 1 unless kernel rows are merged into the run. */
  readonly runRows: number;
  /** [Cout][kernelRows][kernelColumns][run]; [C][kernelRows][kernelColumns] when depthwise. */
  readonly weights: WeightArray;
  readonly depthwise: boolean;
  /** Not null: the kernel's rows are one run, put together from several rows of memory. */
  readonly fold: FoldedWindow | null;
  /** Channels out, and column tiles of them. */
  readonly channels: number;
  readonly columnTiles: number;
}

/** Of a layer that reads nothing: every tap lies outside. */
const NO_VIEW: InputView = { rows: 0, rowPitch: 0, rowCodes: 0, pixelPitch: 0 };

/** Steps of one digit pass of one tile. */
export function stepsPerPass(map: ConvMap, machine: Machine): number {
  return map.kernelRows * map.kernelColumns * stepsPerRun(map, machine);
}

export function stepsPerRun(map: ConvMap, machine: Machine): number {
  return Math.ceil(map.run / machine.lanes);
}

/** How the layer's input lies in memory. */
export interface InputPlace extends Pick<InputView, 'rowPitch' | 'pixelPitch'> {
  /** Stored around it, so that padding there is read like any code. */
  readonly border: Border;
  /** Kernel rows may be put together where that takes fewer steps. */
  readonly folds: boolean;
}

export function mapConv(
  layer: ArrayLayer,
  input: CodeTensor,
  output: CodeTensor,
  machine: Machine,
  place: InputPlace,
): ConvMap {
  const plain = plainMap(layer, input, output.channels, machine, place);
  const inside = place.folds && staysInside(layer, input, output, place.border);
  const folded = inside ? foldedMap(plain, layer, machine, place) : null;
  return folded !== null && stepsPerPass(folded, machine) < stepsPerPass(plain, machine) ? folded : plain;
}

function plainMap(
  layer: ArrayLayer,
  input: CodeTensor,
  channels: number,
  machine: Machine,
  { rowPitch, pixelPitch, border }: InputPlace,
): ConvMap {
  const pixel = input.channels;
  const { top, left, bottom, right } = border;
  const rowCodes = (left + input.width + right - 1) * pixelPitch + pixel;
  const view = { rows: top + input.height + bottom, rowPitch, rowCodes, pixelPitch };
  const common = {
    view,
    kernelRows: layer.kernel[0],
    rowStep: layer.strides[0],
    columnStep: layer.strides[1],
    rowDilation: layer.dilations[0],
    columnDilation: layer.dilations[1],
    padTop: layer.padTop - top,
    padLeft: layer.padLeft - left,
    runRows: 1,
    weights: layer.weights,
    depthwise: layer.depthwise,
    fold: null,
    channels,
    columnTiles: Math.ceil(channels / machine.cols),
  };
  const kw = layer.kernel[1];
  if (layer.blank) return { ...common, view: NO_VIEW, kernelColumns: 1, run: 1 };
  if (layer.depthwise) return { ...common, kernelColumns: kw, run: Math.min(machine.cols, pixel) };
  if (layer.dilations[1] !== 1 || (pixelPitch !== pixel && kw > 1)) return { ...common, kernelColumns: kw, run: pixel };
  const dense = rowPitch === input.width * pixel && top + bottom === 0;
  if (!dense || !mergesRows(layer, input)) return { ...common, kernelColumns: 1, run: kw * pixel };
  const kh = layer.kernel[0];
  return { ...common, kernelRows: 1, kernelColumns: 1, run: kh * kw * pixel, runRows: kh };
}

/** All kernel rows in one run; every window lies in what is stored. */
function foldedMap(plain: ConvMap, layer: ArrayLayer, { lanes }: Machine, { rowPitch }: InputPlace): ConvMap | null {
  const { kernelRows, kernelColumns, run, rowDilation } = plain;
  if (layer.depthwise || kernelRows === 1 || kernelColumns > 1) return null;
  const fold = foldWindow({ kernelRows, run, pitch: rowDilation * rowPitch }, lanes);
  if (fold === null) return null;
  return { ...plain, kernelRows: 1, run: kernelRows * run, runRows: (kernelRows - 1) * rowDilation + 1, fold };
}

/** True when no window leaves the input and its border, nor a max pool's window the convolution's outputs. */
function staysInside(layer: ArrayLayer, input: CodeTensor, output: CodeTensor, border: Border): boolean {
  const pool = layer.pool ?? NO_POOL;
  const inside = (i: 0 | 1, outputs: number, conv: number, size: number, pads: readonly number[]): boolean => {
    const [poolPad, pad, before, behind] = pads as [number, number, number, number];
    const pooled = (outputs - 1) * pool.strides[i] + (pool.kernel[i] - 1) * pool.dilations[i];
    const reach = (conv - 1) * layer.strides[i] + (layer.kernel[i] - 1) * layer.dilations[i];
    return poolPad === 0 && pooled < conv && pad <= before && reach - pad <= size - 1 + behind;
  };
  const rows = [pool.padTop, layer.padTop, border.top, border.bottom];
  const columns = [pool.padLeft, layer.padLeft, border.left, border.right];
  return (
    inside(0, output.height, layer.convHeight, input.height, rows) &&
    inside(1, output.width, layer.convWidth, input.width, columns)
  );
}

/** A kernel over whole rows that meets no padding reads one run of consecutive codes. */
function mergesRows(layer: ArrayLayer, input: CodeTensor): boolean {
  const wholeRows = layer.kernel[1] === input.width && layer.dilations[0] === 1;
  return wholeRows && layer.convWidth === 1 && layer.unpadded && layer.pool === null;
}
