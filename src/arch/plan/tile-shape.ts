/** Which pixels one tile holds: the array's rows as columns and lines of the output map, chosen by exact cycle cost. */
import type { CodeTensor } from '../../quant/network.js';
import type { Machine } from '../machine.js';
import { isPowerOfTwo } from '../machine-schema.js';
import type { ArrayLayer } from './array-layer.js';

/** Array row r is column r % columns and line floor(r / columns) of a tile. */
export interface TileShape {
  readonly columns: number;
  readonly lines: number;
}

/** What a tile costs beside its shape. */
export interface TileWork {
  /** Array steps of one tile, all digit passes. */
  readonly steps: number;
  /** Cycles POST takes for one slot. */
  readonly cyclesPerSlot: number;
  readonly mostLines: number;
}

/** Slots of one pixel: of all column tiles but the last, and of the last. */
export interface PixelSlots {
  readonly columnTiles: number;
  readonly full: number;
  readonly last: number;
}

/** The cheapest shape; among equals the one with the fewest lines, which waits for the fewest rows. */
export function chooseShape(
  layer: ArrayLayer,
  output: CodeTensor,
  slots: PixelSlots,
  work: TileWork,
  machine: Machine,
): TileShape {
  const cost = (shape: TileShape) => shapeCycles(shape, output, slots, work);
  const shapes = shapesFor(layer, slots.columnTiles, machine).filter(({ lines }) => lines <= work.mostLines);
  return shapes.reduce((best, shape) => (cost(shape) < cost(best) ? shape : best));
}

/** Cycles of all tiles of one pool tap when nothing else holds them up. */
export function shapeCycles(
  { columns, lines }: TileShape,
  output: Pick<CodeTensor, 'height' | 'width'>,
  { columnTiles, full, last }: PixelSlots,
  { steps, cyclesPerSlot }: Pick<TileWork, 'steps' | 'cyclesPerSlot'>,
): number {
  const tile = (slots: number) => Math.max(steps, slots * columns * lines * cyclesPerSlot);
  const places = Math.ceil(output.height / lines) * Math.ceil(output.width / columns);
  return places * ((columnTiles - 1) * tile(full) + tile(last));
}

/** The stream wants its pixels in order, and of each all channels together. */
function shapesFor(layer: ArrayLayer, columnTiles: number, { rows }: Machine): readonly TileShape[] {
  const row = { columns: rows, lines: 1 };
  const pixel = { columns: 1, lines: 1 };
  if (rows === 1) return [pixel];
  if (layer.toStream) return columnTiles > 1 ? [pixel] : [row, pixel];
  const columns = Array.from({ length: rows - 1 }, (_, i) => rows - 1 - i);
  const rectangles = columns.filter((width) => isPowerOfTwo(width) && rows % width === 0);
  return [row, ...rectangles.map((width) => ({ columns: width, lines: rows / width })), pixel];
}
