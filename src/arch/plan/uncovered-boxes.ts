import type { ArrangePart } from '../../frontend/graph.js';
import type { CodeTensor } from '../../quant/network.js';

export interface Box {
  readonly y: number;
  readonly x: number;
  readonly c: number;
  readonly size: readonly [number, number, number];
}

/** Boxes of rows, columns and channels that hold what no part covers; the whole map where there would be more than `most`. */
export function uncoveredBoxes(parts: readonly ArrangePart[], map: CodeTensor, most: number): readonly Box[] {
  const { height, width, channels } = map;
  const covered = new Uint8Array(height * width * channels);
  for (const { to, size } of parts) mark(covered, map, to, size);
  const boxes: Box[] = [];
  for (let at = covered.indexOf(0); at >= 0; at = covered.indexOf(0, at + 1)) {
    if (boxes.length === most) return [{ y: 0, x: 0, c: 0, size: [height, width, channels] }];
    const box = boxFrom(covered, map, at);
    mark(covered, map, { ...box, yStep: 1, xStep: 1, cStep: 1 }, box.size);
    boxes.push(box);
  }
  return boxes;
}

function mark(covered: Uint8Array, map: CodeTensor, grid: ArrangePart['to'], size: ArrangePart['size']): void {
  for (let i = 0; i < size[0]; i++) {
    for (let j = 0; j < size[1]; j++) {
      const pixel = ((grid.y + i * grid.yStep) * map.width + grid.x + j * grid.xStep) * map.channels;
      for (let k = 0; k < size[2]; k++) covered[pixel + grid.c + k * grid.cStep] = 1;
    }
  }
}

/** The box from an uncovered element on, grown along the channels, then the columns, then the rows. */
function boxFrom(covered: Uint8Array, { height, width, channels }: CodeTensor, at: number): Box {
  const c = at % channels;
  const x = Math.floor(at / channels) % width;
  const y = Math.floor(at / (channels * width));
  const isFree = (row: number, column: number, count: number): boolean => {
    const first = (row * width + column) * channels + c;
    for (let k = 0; k < count; k++) if (covered[first + k] === 1) return false;
    return true;
  };
  let deep = 1;
  while (c + deep < channels && covered[at + deep] === 0) deep++;
  let wide = 1;
  while (x + wide < width && isFree(y, x + wide, deep)) wide++;
  let high = 1;
  const rowIsFree = (row: number) => Array.from({ length: wide }, (_, j) => isFree(row, x + j, deep)).every(Boolean);
  while (y + high < height && rowIsFree(y + high)) high++;
  return { y, x, c, size: [high, wide, deep] };
}
