import type { PlacedWindow } from './emit.js';
import type { MapSize } from './layout.js';

/** The window that covers all rows, all columns, or both. */
export function wholeMap(size: MapSize, rows: boolean, columns: boolean): PlacedWindow {
  return {
    window: {
      kernel: [rows ? size.height : 1, columns ? size.width : 1],
      strides: [1, 1],
      dilations: [1, 1],
      pads: [0, 0, 0, 0],
    },
    output: { height: rows ? 1 : size.height, width: columns ? 1 : size.width },
    padded: false,
    overhang: [0, 0],
  };
}
