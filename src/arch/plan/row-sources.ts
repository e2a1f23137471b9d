/** Who counts the rows of a tensor. */
import type { LoweredNetwork } from './array-layer.js';
import type { RowNeed } from './row-needs.js';
import { storedRows } from './stored-layout.js';
import type { Tiling } from './tiling.js';

/**
 * Rows 0 .. r-1 of a tensor (r >= 1) are complete when the row counter of `counter` has come to offset + (r-1)*step + 1;
 * it goes up to `total`.
 */
export interface RowSource {
  readonly counter: string;
  readonly offset: number;
  readonly step: number;
  readonly total: number;
}

/**
 * An arranged tensor is counted by the part that is written last: what was written before is complete when that one's first
 * row is. Unless its rows are the tensor's, readers wait for all of it.
 */
export function rowSource(name: string, lowered: LoweredNetwork): RowSource {
  const { tensors, views, components } = lowered;
  const view = views.get(name);
  if (view?.kind === 'slice') {
    const { counter, offset, step, total } = rowSource(view.of, lowered);
    return { counter, offset: offset + view.grid.y * step, step: view.grid.yStep * step, total };
  }
  const { height } = tensors[name]!;
  const layout = lowered.layouts.get(name);
  // Rows of the border are rows of the map that its readers see.
  if (layout) return { counter: name, offset: 0, step: 1, total: storedRows(tensors[name]!, layout) };
  const parts = components.get(name);
  if (parts === undefined) return { counter: name, offset: 0, step: 1, total: height };
  const last = parts.reduce((a, b) => (lastWriter(b, lowered) > lastWriter(a, lowered) ? b : a));
  const source = rowSource(last, lowered);
  const { y, yStep } = views.get(last)!.grid;
  const sameRows = y === 0 && (yStep === 1 || height === 1) && tensors[last]!.height === height;
  return sameRows ? source : { ...source, offset: source.total - 1, step: 0 };
}

/** Index of the layer that writes last of a tensor. */
function lastWriter(name: string, lowered: LoweredNetwork): number {
  const parts = lowered.components.get(name);
  if (parts !== undefined) return Math.max(...parts.map((part) => lastWriter(part, lowered)));
  return lowered.layers.findIndex((layer) => layer.output === name);
}

/** Rows of the tensor as rows of its counter. */
export function countedNeed({ first, step, rows }: RowNeed, source: RowSource): RowNeed {
  const counted = (r: number) => source.offset + (r - 1) * source.step + 1;
  const all = counted(rows);
  return { first: Math.min(Math.max(0, counted(first)), all), step: Math.min(step * source.step, all), rows: all };
}

/** True where the layer's last output row waits for every row that the counter counts. */
export function waitsForAll(need: RowNeed, source: RowSource, tiling: Tiling): boolean {
  return Math.min(need.first + (tiling.nOy - 1) * need.step, need.rows) >= source.total;
}
