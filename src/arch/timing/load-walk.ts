/** The chunks of an input in the order in which LOAD stores them (docs/machine.md, LOAD). */
import type { Fields } from '../program/program.js';
import { nextRow } from '../program/row-pointer.js';

export interface LoadChunk {
  /** Stored row, from 0 on, and the chunk's first code in it. */
  readonly row: number;
  readonly at: number;
  readonly codes: number;
  /** Written a second time, behind the circular buffer. */
  readonly mirrored: boolean;
  /** Its codes are the stream's; padding where not. */
  readonly stream: boolean;
  /** In the padding rows above the input. */
  readonly above: boolean;
  readonly rowEnd: boolean;
  readonly end: boolean;
}

type Shape = Pick<Fields<'load'>, 'rowPitch' | 'bufferEnd' | 'bufferSize'> &
  Pick<Fields<'load'>, 'base' | 'mirrorEnd' | 'rows' | 'rowCodes' | 'codeBits'> &
  Pick<Fields<'load'>, 'padTop' | 'padBottom' | 'padLeft' | 'padRight'>;

/** A chunk is at most LANES codes, half of it where a code has 16 bits. */
export function* loadWalk(shape: Shape, lanes: number): Generator<LoadChunk, undefined> {
  const { rows, rowCodes, padTop, padBottom, padLeft, padRight, codeBits } = shape;
  const most = codeBits === 16 ? lanes / 2 : lanes;
  const stored = padTop + rows + padBottom;
  const length = padLeft + rowCodes + padRight;
  let start = shape.base;
  for (let row = 0; row < stored; row++) {
    const inside = row >= padTop && row < padTop + rows;
    let at = 0;
    for (const [part, codes] of [padLeft, rowCodes, padRight].entries()) {
      const end = at + codes;
      for (; at < end; at += most) {
        const rowEnd = end === length && at + most >= end;
        yield {
          row,
          at,
          codes: Math.min(most, end - at),
          mirrored: start < shape.mirrorEnd,
          stream: inside && part === 1,
          above: row < padTop,
          rowEnd,
          end: rowEnd && row === stored - 1,
        };
      }
      at = end;
    }
    start = nextRow(start, shape);
  }
  return undefined;
}
