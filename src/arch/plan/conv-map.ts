/** A convolution as runs of consecutive codes: what FEED's loops walk. */
import type { CodeTensor, WeightArray } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { ArrayLayer } from './array-layer.js';

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

/** @param pitches of the input in its place */
export function mapConv(
  layer: ArrayLayer,
  input: CodeTensor,
  channels: number,
  machine: Machine,
  { rowPitch, pixelPitch }: Pick<InputView, 'rowPitch' | 'pixelPitch'>,
): ConvMap {
  const pixel = input.channels;
  const view = { rows: input.height, rowPitch, rowCodes: (input.width - 1) * pixelPitch + pixel, pixelPitch };
  const common = {
    view,
    kernelRows: layer.kernel[0],
    rowStep: layer.strides[0],
    columnStep: layer.strides[1],
    rowDilation: layer.dilations[0],
    columnDilation: layer.dilations[1],
    padTop: layer.padTop,
    padLeft: layer.padLeft,
    runRows: 1,
    weights: layer.weights,
    depthwise: layer.depthwise,
    channels,
    columnTiles: Math.ceil(channels / machine.cols),
  };
  const kw = layer.kernel[1];
  if (layer.blank) return { ...common, view: NO_VIEW, kernelColumns: 1, run: 1 };
  if (layer.depthwise) return { ...common, kernelColumns: kw, run: Math.min(machine.cols, pixel) };
  if (layer.dilations[1] !== 1 || (pixelPitch !== pixel && kw > 1)) return { ...common, kernelColumns: kw, run: pixel };
  if (rowPitch !== input.width * pixel || !mergesRows(layer, input))
    return { ...common, kernelColumns: 1, run: kw * pixel };
  const kh = layer.kernel[0];
  return { ...common, kernelRows: 1, kernelColumns: 1, run: kh * kw * pixel, runRows: kh };
}

/** A kernel over whole rows that meets no padding reads one run of consecutive codes. */
function mergesRows(layer: ArrayLayer, input: CodeTensor): boolean {
  const wholeRows = layer.kernel[1] === input.width && layer.dilations[0] === 1;
  return wholeRows && layer.convWidth === 1 && layer.unpadded && layer.pool === null;
}
