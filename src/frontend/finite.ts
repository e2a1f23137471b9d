/** The index of the first NaN or infinity, or -1. A plain loop: weights run to a hundred million values. */
export function firstNotFinite(data: Float32Array): number {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}
