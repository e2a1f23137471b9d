/**
 * What is true of whole constants, asked after every pass and answered once: arrays of a graph never change.
 * Plain loops: weights run to a hundred million values.
 */
const finite = new WeakSet<Float32Array>();
const constant = new WeakMap<Float32Array, number | null>();

/** The index of the first NaN or infinity, or -1. */
export function firstNotFinite(data: Float32Array): number {
  if (finite.has(data)) return -1;
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  finite.add(data);
  return -1;
}

/** Whether every value is `value`. */
export function isAll(data: Float32Array, value: number): boolean {
  let only = constant.get(data);
  if (only === undefined) {
    only = data[0] ?? null;
    for (let i = 1; i < data.length; i++) {
      if (data[i] !== only) {
        only = null;
        break;
      }
    }
    constant.set(data, only);
  }
  return only === value;
}
