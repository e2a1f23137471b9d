import type { ValueCodes } from '../onnx/model.js';

/** The same codes in another order; one scale for all is in every order. */
export function rearranged(codes: ValueCodes, arrange: <T extends Float32Array | Int16Array>(all: T) => T): ValueCodes {
  const { values, scale } = codes;
  return { ...codes, values: arrange(values), scale: scale.length === 1 ? scale : arrange(scale) };
}
