/** The y part of the channel folder: LOAD lays kernel rows side by side (docs/machine.md, LOAD). */
import type { CodeTensor, WeightArray } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { ArrayLayer } from './array-layer.js';
import { type ConvMap, mapConv, stepsPerPass } from './conv-map.js';
import { codeBits } from './load-record.js';
import { NO_BORDER } from './stored-layout.js';

export interface FoldShape {
  readonly virtualRows: number;
  readonly padTop: number;
  readonly kernelRows: number;
  readonly rowStride: number;
  readonly foldRows: number;
}

export interface FoldedConv {
  readonly map: ConvMap;
  readonly shape: FoldShape;
}

/** The layer with its kernel rows folded into its runs, where LOAD can do that; undefined where it cannot. */
export function foldConv(
  layer: ArrayLayer,
  input: CodeTensor,
  output: CodeTensor,
  machine: Machine,
): FoldedConv | undefined {
  const kh = layer.kernel[0];
  const pixelBytes = (input.channels * codeBits(input)) / 8;
  if (codeBits(input) < 8 || layer.depthwise || kh === 1 || layer.dilations[0] !== 1) return undefined;
  if (input.channels > machine.lanes || pixelBytes > Math.max(machine.lanes, machine.stream.inBytes)) return undefined;
  if (layer.requantize?.residual?.tensor === layer.input) return undefined;
  const shape = {
    padTop: layer.padTop,
    kernelRows: kh,
    rowStride: layer.strides[0],
    foldRows: layer.convHeight,
    virtualRows: Math.max(layer.padTop + input.height, (layer.convHeight - 1) * layer.strides[0] + kh),
  };
  const folded: ArrayLayer = {
    ...layer,
    kernel: [1, layer.kernel[1]],
    strides: [1, layer.strides[1]],
    padTop: 0,
    weights: foldWeights(layer, input.channels),
  };
  const tensor = { ...input, height: shape.foldRows, channels: kh * input.channels };
  const pixelPitch = tensor.channels;
  const pitches = { rowPitch: tensor.width * pixelPitch, pixelPitch, border: NO_BORDER, folds: false };
  return { map: mapConv(folded, tensor, output, machine, pitches), shape };
}

/** True where the frame is through LOAD and this layer sooner with the fold than without. */
export function foldPays(
  folded: FoldedConv,
  plain: ConvMap,
  cost: { input: CodeTensor; planes: number; tilePasses: number; machine: Machine },
): boolean {
  const { input, planes, tilePasses, machine } = cost;
  const offered = Math.max(1, (8 * machine.stream.inBytes) / codeBits(input));
  const chunk = Math.min(offered, machine.lanes, input.width * input.channels);
  const plainLoad = input.height * Math.ceil((input.width * input.channels) / chunk) * planes;
  const foldedLoad = foldedLoadCycles(folded.shape, input.width, planes);
  const cycles = (map: ConvMap, load: number) => Math.max(load, stepsPerPass(map, machine) * tilePasses);
  return cycles(folded.map, foldedLoad) < cycles(plain, plainLoad);
}

function foldedLoadCycles(shape: FoldShape, width: number, planes: number): number {
  let cycles = 0;
  for (let v = 0; v < shape.virtualRows; v++) {
    let writes = 0;
    for (let ky = 0; ky < shape.kernelRows; ky++) {
      const oy = (v - ky) / shape.rowStride;
      if (Number.isInteger(oy) && oy >= 0 && oy < shape.foldRows) writes++;
    }
    cycles += width * Math.max(1, writes * planes);
  }
  return cycles;
}

/** [Cout][kh][kw][C] -> [Cout][kw][kh][C] */
function foldWeights(layer: ArrayLayer, channels: number): WeightArray {
  const [kh, kw] = layer.kernel;
  const folded = layer.weights.slice();
  const taps = kh * kw;
  for (let i = 0; i < layer.weights.length; i++) {
    const c = i % channels;
    const tap = Math.floor(i / channels) % taps;
    const co = Math.floor(i / (channels * taps));
    const ky = Math.floor(tap / kw);
    const kx = tap % kw;
    folded[((co * kw + kx) * kh + ky) * channels + c] = layer.weights[i]!;
  }
  return folded;
}
