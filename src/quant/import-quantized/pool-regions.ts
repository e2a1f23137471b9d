/** A padded pool whose border does not count, as pools without a border: each for the outputs that have the same taps inside the map. */
import type { Window2d } from '../../frontend/graph.js';
import type { MapShape } from '../float-network.js';

export interface Rectangle {
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

export interface Region {
  /** What these outputs read, and no more. */
  readonly from: Rectangle;
  readonly to: Rectangle;
  readonly kernel: readonly [number, number];
}

/** Row by row of regions; every output lies in one. Strides and dilations are the pool's own. */
export function poolRegions(window: Window2d, from: MapShape, to: MapShape): readonly Region[] {
  const rows = stretches(window, 0, from.height, to.height);
  const columns = stretches(window, 1, from.width, to.width);
  return rows.flatMap((row) =>
    columns.map((column) => ({
      from: { y: row.from, x: column.from, height: row.reads, width: column.reads },
      to: { y: row.to, x: column.to, height: row.makes, width: column.makes },
      kernel: [row.taps, column.taps] as const,
    })),
  );
}

interface Stretch {
  readonly from: number;
  readonly reads: number;
  readonly to: number;
  readonly makes: number;
  readonly taps: number;
}

/** Outputs along one axis that follow each other and have the same taps inside. */
function stretches(window: Window2d, axis: 0 | 1, inputs: number, outputs: number): readonly Stretch[] {
  const [stride, dilation, kernel, pad] = [window.strides, window.dilations, window.kernel, window.pads].map(
    (v) => v[axis]!,
  ) as [number, number, number, number];
  const firstTap = (i: number): number => Math.max(0, Math.ceil((pad - i * stride) / dilation));
  const lastTap = (i: number): number => Math.min(kernel - 1, Math.floor((inputs - 1 + pad - i * stride) / dilation));
  const found: Stretch[] = [];
  for (let to = 0; to < outputs; ) {
    const [first, last] = [firstTap(to), lastTap(to)];
    let end = to + 1;
    while (end < outputs && firstTap(end) === first && lastTap(end) === last) end++;
    const from = to * stride + first * dilation - pad;
    const until = (end - 1) * stride + last * dilation - pad;
    found.push({ from, reads: until - from + 1, to, makes: end - to, taps: last - first + 1 });
    to = end;
  }
  return found;
}
