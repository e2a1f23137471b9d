/** Integer types that codes of quantized tensors have. */
export type Range = readonly [number, number];

export const UINT8 = 2;
/** Sums of products of codes. */
export const INT32 = 6;

/** TensorProto.DataType: the least and the largest code. */
const RANGES: Readonly<Record<number, Range>> = {
  2: [0, 255],
  3: [-128, 127],
  4: [0, 65535],
  5: [-32768, 32767],
  21: [0, 15],
  22: [-8, 7],
  25: [0, 3],
  26: [-2, 1],
};

export function rangeOfType(elementType: number): Range | null {
  return RANGES[elementType] ?? null;
}

/** Bits of two's complement that hold every integer from lo to hi. */
export function bitsFor([lo, hi]: Range): number {
  let bits = 1;
  while (lo < -(2 ** (bits - 1)) || hi > 2 ** (bits - 1) - 1) bits++;
  return bits;
}
