/** Where a record's rows begin (docs/machine.md, LOAD). */
import type { Fields } from './program.js';

type Rows = Pick<Fields<'load'>, 'rowPitch' | 'bufferEnd' | 'bufferSize'>;

/** The row pointer of the row behind: circular where there is a buffer. */
export function nextRow(start: number, { rowPitch, bufferEnd, bufferSize }: Rows): number {
  const next = start + rowPitch;
  return bufferSize > 0 && next >= bufferEnd ? next - bufferSize : next;
}
