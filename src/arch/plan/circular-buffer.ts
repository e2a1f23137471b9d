import type { TensorPlace } from './plan.js';

/** Where a row pointer wraps, of digit plane 0; zeros where all rows have their own place. */
export function bufferFields(place: TensorPlace | null): { readonly bufferEnd: number; readonly bufferSize: number } {
  if (place === null || place.bufferRows === 0) return { bufferEnd: 0, bufferSize: 0 };
  const bufferSize = place.bufferRows * place.rowPitch;
  return { bufferEnd: place.base + bufferSize, bufferSize };
}
