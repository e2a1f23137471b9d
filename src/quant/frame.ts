/** A frame of several inputs and outputs as one run of numbers: tensors in the order of the stream, each NHWC. */
import type { CodeTensor, IntegerNetwork } from './network.js';

/** Codes of a frame: 16-bit ones where an input has more than 8 bits. */
export type FrameCodes = Uint8Array | Uint16Array;

export function elementsOf({ height, width, channels }: Pick<CodeTensor, 'height' | 'width' | 'channels'>): number {
  return height * width * channels;
}

/** The input tensors by name. @param codes of all inputs, one after the other */
export function inputTensors(network: IntegerNetwork, codes: ArrayLike<number>): Map<string, Int32Array> {
  const all = Int32Array.from(codes);
  let at = 0;
  return new Map(
    network.inputs.map(({ tensor }) => {
      const from = at;
      at += elementsOf(network.tensors[tensor]!);
      return [tensor, all.subarray(from, at)];
    }),
  );
}

/** What leaves the machine, all outputs one after the other. @param tensors by name, as runGolden gives them */
export function outputFrame(network: IntegerNetwork, tensors: ReadonlyMap<string, Int32Array>): Int32Array {
  const parts = network.outputs.map(({ tensor }) => tensors.get(tensor)!);
  const frame = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}
