/** The rule of rearranged maps: parts lie inside their inputs and the output, and no two meet. */
import type { Fail } from './check-graph.js';
import type { Map2d } from './check-shapes.js';
import type { ArrangeNode, ArrangePart, MapGrid } from './graph.js';

export function checkArrange(node: ArrangeNode, at: (name: string) => Map2d, output: Map2d, fail: Fail): void {
  if (node.parts.length === 0) fail('nothing is arranged', node.name);
  const taken = new Uint8Array(output.channels * output.height * output.width);
  for (const part of node.parts) {
    const input = at(part.input);
    if (input.rank !== output.rank) fail('maps and vectors are arranged together', node.name);
    if (!fits(part.from, part.size, input)) fail(`a part reaches beyond its input ${part.input}`, node.name);
    if (!fits(part.to, part.size, output)) fail('a part reaches beyond the output', node.name);
    if (meets(part, output, taken)) fail('two parts meet', node.name);
  }
}

function fits(grid: MapGrid, [rows, columns, channels]: ArrangePart['size'], map: Map2d): boolean {
  const along = (start: number, step: number, count: number, size: number): boolean =>
    [start, step, count].every(Number.isInteger) &&
    start >= 0 &&
    step >= 1 &&
    count >= 1 &&
    start + (count - 1) * step < size;
  return (
    along(grid.y, grid.yStep, rows, map.height) &&
    along(grid.x, grid.xStep, columns, map.width) &&
    along(grid.c, grid.cStep, channels, map.channels)
  );
}

/** Whether a place of the part is taken; takes them all. */
function meets({ to, size: [rows, columns, channels] }: ArrangePart, output: Map2d, taken: Uint8Array): boolean {
  for (let k = 0; k < channels; k++) {
    for (let i = 0; i < rows; i++) {
      const row = ((to.c + k * to.cStep) * output.height + to.y + i * to.yStep) * output.width;
      for (let j = 0; j < columns; j++) {
        const place = row + to.x + j * to.xStep;
        if (taken[place] !== 0) return true;
        taken[place] = 1;
      }
    }
  }
  return false;
}
