/** IEEE 754 binary16 and bfloat16, as their bits. */

const BIAS = 15;
const FRACTION = 10;
/** Halfway between the largest number and the next one, which is infinity. */
const OVERFLOW = 65520;
const SMALLEST_NORMAL = 2 ** -14;

export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> FRACTION) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - BIAS);
}

/** The nearest one, ties to even. */
export function floatToHalf(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size >= OVERFLOW) return sign | 0x7c00;
  // What rounds up to the next power carries into the exponent.
  if (size < SMALLEST_NORMAL) return sign | halfEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign | (((exponent + BIAS) << FRACTION) + halfEven(size * 2 ** (FRACTION - exponent)) - 1024);
}

/** The upper half of a float32. */
export function brainToFloat(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, (bits << 16) >>> 0);
  return view.getFloat32(0);
}

/** The nearest bfloat16, ties to even. */
export function floatToBrain(x: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, x);
  const bits = view.getUint32(0);
  if (Number.isNaN(x)) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function halfEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}
