/** Frames on the streams: tensors one after the other, NHWC, each from a fresh beat on, little endian. */
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

/** Bytes of the input stream. @param codes of all inputs, one after the other */
export function inputBytes(inputs: readonly StreamedInput[], codes: ArrayLike<number>): Uint8Array {
  const last = inputs.at(-1)!;
  const bytes = new Uint8Array(last.firstByte + last.codes * last.codeBytes);
  let next = 0;
  for (const input of inputs) {
    for (let i = 0; i < input.codes; i++) {
      const code = codes[next++]!;
      const at = input.firstByte + i * input.codeBytes;
      bytes[at] = code & 255;
      if (input.codeBytes === 2) bytes[at + 1] = code >> 8;
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
