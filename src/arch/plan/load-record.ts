import type { CodeTensor } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import type { LoadRecord } from '../program/program.js';
import type { FoldShape } from './fold.js';
import type { TensorPlace } from './plan.js';

/** @param fold null: the frame is stored as it comes */
export function loadRecord(
  input: CodeTensor,
  place: TensorPlace,
  fold: FoldShape | null,
  machine: Machine,
): LoadRecord {
  const codeBytes = input.bits > 8 ? 2 : 1;
  const bytes = input.height * input.width * input.channels * codeBytes;
  return {
    opcode: 'load',
    fields: {
      fold: fold ? 1 : 0,
      group: place.group,
      base: place.base,
      counter: place.counter,
      planes: place.planes,
      planeStride: place.planeStride,
      rows: input.height,
      rowCodes: input.width * input.channels,
      pixels: input.width,
      pixelCodes: input.channels,
      padCode: Math.floor(input.zero),
      virtualRows: fold?.virtualRows ?? 0,
      padTop: fold?.padTop ?? 0,
      kernelRows: fold?.kernelRows ?? 0,
      rowStride: fold?.rowStride ?? 0,
      foldRows: fold?.foldRows ?? 0,
      foldRowPitch: fold ? place.rowPitch : 0,
      foldPixelPitch: fold ? place.pixelPitch : 0,
      codeBytes,
      beats: Math.ceil(bytes / machine.stream.inBytes),
      last: 1,
    },
  };
}
