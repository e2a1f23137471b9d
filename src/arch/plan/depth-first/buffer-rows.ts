/** How many rows of each map of a segment are kept at once. */
import type { Period } from './periods.js';
import { firstNeeded, LOADED, type RowLayer, type RowRead } from './row-layer.js';

/**
 * Rows that a circular buffer of each layer's map must have. A row is dead once all turns of readers that stand before it in
 * the program are through the array: a layer's rows are written only after its first step, and steps keep that order.
 */
export function bufferRows(layers: readonly RowLayer[], periods: readonly Period[]): readonly number[] {
  const made = layers.map(() => 0);
  const most = layers.map(() => 0);
  for (const period of periods) {
    period.forEach((rows, i) => {
      if (rows === 0) return;
      const to = made[i]! + rows;
      most[i] = Math.max(most[i]!, to - firstAlive(layers, i, made, made[i]!));
      made[i] = to;
    });
  }
  return most;
}

/** The first row of layer i's map that a reader has still to read; `all` where there is none. */
function firstAlive(layers: readonly RowLayer[], i: number, made: readonly number[], all: number): number {
  return readersOf(layers, i).reduce((first, { read, reader, index }) => {
    return Math.min(first, firstNeeded(read, made[index]!, reader));
  }, all);
}

function readersOf(layers: readonly RowLayer[], maker: number) {
  return layers.flatMap((reader, index) =>
    reader.reads.filter((read) => read.maker === maker).map((read) => ({ read, reader, index })),
  );
}

/** The rows of what LOAD brings, and when LOAD may write over them. */
export interface LoadRoom {
  readonly rows: number;
  /** Row v is begun when v < roomRows + freeStep * (output rows that the reader is through with). */
  readonly roomRows: number;
  readonly freeStep: number;
}

/**
 * Of an input with one reader: the rows of one turn, and those that come in meanwhile.
 * @param turn most output rows the reader makes at once
 * @param fewest rows that the buffer must have
 */
export function loadRoom(read: RowRead, turn: number, fewest: number): LoadRoom {
  const window = read.need.first - read.first;
  const rows = Math.min(read.need.rows, Math.max(fewest, window + 2 * turn * read.step));
  return { rows, roomRows: rows + read.first, freeStep: read.step };
}

/** The reads of what LOAD brings, with the reader's index. */
export function loadedReads(
  layers: readonly RowLayer[],
): readonly { readonly read: RowRead; readonly reader: number }[] {
  return layers.flatMap(({ reads }, reader) =>
    reads.filter(({ maker }) => maker === LOADED).map((read) => ({ read, reader })),
  );
}
