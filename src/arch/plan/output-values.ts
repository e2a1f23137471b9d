import type { Plan } from './plan.js';

/**
 * The output tensor from the bytes of the output stream: codes, or raw accumulators as signed 32-bit integers.
 * @returns NHWC
 */
export function outputValues(plan: Pick<Plan, 'output'>, bytes: Uint8Array): Int32Array {
  const { elements, elementBytes } = plan.output;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: Math.min(elements, Math.floor(bytes.length / elementBytes)) }, (_, i) => {
    if (elementBytes === 4) return view.getInt32(4 * i, true);
    return elementBytes === 2 ? view.getUint16(2 * i, true) : view.getUint8(i);
  });
}
