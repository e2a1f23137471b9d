import type { TensorPlace } from './plan.js';

/** Where a row pointer wraps, of digit plane 0; zeros where all rows have their own place. */
export function bufferFields(place: TensorPlace | null): { readonly bufferEnd: number; readonly bufferSize: number } {
  if (place === null || place.bufferRows === 0) return { bufferEnd: 0, bufferSize: 0 };
  const bufferSize = place.bufferRows * place.rowPitch;
  return { bufferEnd: place.base + bufferSize, bufferSize };
}

/** Code index of row y, which may be below 0: then it is masked, and in a circular buffer lies inside it. */
export function rowAddress({ base, rowPitch, bufferRows }: TensorPlace, y: number): number {
  const row = bufferRows === 0 ? y : ((y % bufferRows) + bufferRows) % bufferRows;
  return base + row * rowPitch;
}

/**
 * From an offset in a circular buffer to that in a map with all its rows. Rows are written in order, one row's codes before
 * the next one's; -1 for an offset outside the buffer.
 */
export function circularRows({ bufferRows, rowPitch }: TensorPlace): (offset: number) => number {
  if (bufferRows === 0) return (offset) => offset;
  let row = 0;
  return (offset) => {
    if (offset < 0 || offset >= bufferRows * rowPitch) return -1;
    const slot = Math.floor(offset / rowPitch);
    row += (((slot - row) % bufferRows) + bufferRows) % bufferRows;
    return offset + (row - slot) * rowPitch;
  };
}
