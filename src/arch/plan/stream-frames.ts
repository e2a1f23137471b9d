/** Frames on the streams: tensors one after the other, NHWC, each from a fresh beat on, little endian; codes of few bits packed. */
import type { StreamedInput, StreamedOutput } from './plan.js';

/** Where each of several runs of bytes begins when each begins on a fresh beat. */
export function firstBytes(lengths: readonly number[], beatBytes: number): readonly number[] {
  let at = 0;
  return lengths.map((length) => {
    const first = at;
    at += Math.ceil(length / beatBytes) * beatBytes;
    return first;
  });
}

/** Codes of one frame, all inputs together. */
export function frameCodes(inputs: readonly StreamedInput[]): number {
  return inputs.reduce((sum, { codes }) => sum + codes, 0);
}

/** Elements of one frame, all outputs together. */
export function frameElements(outputs: readonly StreamedOutput[]): number {
  return outputs.reduce((sum, { elements }) => sum + elements, 0);
}

/** Bytes of the output stream of one frame. */
export function outputBytes(outputs: readonly StreamedOutput[]): number {
  return Math.max(...outputs.map(({ firstByte, elements, elementBytes }) => firstByte + elements * elementBytes));
}

/** Bytes of the input stream of one frame. */
export function inputLength(inputs: readonly StreamedInput[]): number {
  const { firstByte, codes, codeBits } = inputs.at(-1)!;
  return firstByte + Math.ceil((codes * codeBits) / 8);
}

/** The input stream. @param codes of all inputs, one after the other */
export function inputBytes(inputs: readonly StreamedInput[], codes: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(inputLength(inputs));
  let next = 0;
  for (const { firstByte, codes: count, codeBits } of inputs) {
    for (let i = 0; i < count; i++) {
      const code = codes[next++]!;
      const bit = i * codeBits;
      const at = firstByte + Math.floor(bit / 8);
      bytes[at] = bytes[at]! | (code << (bit % 8));
      if (codeBits === 16) bytes[at + 1] = code >> 8;
    }
  }
  return bytes;
}

/**
 * The output tensors from the bytes of the output stream, one after the other: codes, or raw accumulators as signed 32-bit
 * integers. As far as the bytes go.
 */
export function outputValues(
  { outputs }: { readonly outputs: readonly StreamedOutput[] },
  bytes: Uint8Array,
): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: number[] = [];
  for (const { elements, elementBytes, firstByte } of outputs) {
    for (let i = 0; i < elements; i++) {
      const at = firstByte + i * elementBytes;
      if (at + elementBytes > bytes.length) return Int32Array.from(values);
      values.push(elementAt(view, at, elementBytes));
    }
  }
  return Int32Array.from(values);
}

function elementAt(view: DataView, at: number, bytes: StreamedOutput['elementBytes']): number {
  if (bytes === 4) return view.getInt32(at, true);
  return bytes === 2 ? view.getUint16(at, true) : view.getUint8(at);
}
