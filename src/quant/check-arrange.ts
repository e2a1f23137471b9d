import type { ArrangePart, MapGrid } from '../frontend/graph.js';
import { broken, isWhole } from './check-rules.js';
import type { ArrangeLayer, CodeTensor } from './network.js';

/** Parts inside their maps, of one kind of code, that nowhere meet. @throws SystoleError graph-invalid */
export function checkArrange(layer: ArrangeLayer, tensors: Readonly<Record<string, CodeTensor>>): void {
  const { name, parts, fill } = layer;
  const to = tensors[layer.output]!;
  if (parts.length === 0) throw broken(name, 'at least one part', 'none');
  if (!isWhole(fill, 0, 2 ** to.bits - 1)) throw broken(name, `a fill that is a code of ${to.bits} bits`, `${fill}`);
  const covered = new Uint8Array(to.height * to.width * to.channels);
  for (const part of parts) {
    const from = tensors[part.input]!;
    const alike = from.bits === to.bits && from.zero === to.zero && from.scale === to.scale;
    if (!alike) throw broken(name, `codes like those of ${to.name}`, from.name);
    if (!part.size.every((n) => isWhole(n, 1)) || part.size.length !== 3) {
      throw broken(name, 'parts of rows, columns and channels', part.size.join('x'));
    }
    requireInside(name, part.from, part.size, from);
    requireInside(name, part.to, part.size, to);
    if (!cover(covered, part, to)) throw broken(name, 'parts that do not overlap', to.name);
  }
}

function requireInside(where: string, grid: MapGrid, size: ArrangePart['size'], map: CodeTensor): void {
  const axes = [
    [grid.y, grid.yStep, size[0], map.height],
    [grid.x, grid.xStep, size[1], map.width],
    [grid.c, grid.cStep, size[2], map.channels],
  ] as const;
  const inside = axes.every(
    ([first, step, count, limit]) => isWhole(first, 0) && isWhole(step, 1) && first + (count - 1) * step < limit,
  );
  if (!inside) throw broken(where, `a part inside ${map.name}`, axes.map(([a, s, n]) => `${a} + ${n}*${s}`).join(', '));
}

/** False where an element was covered already. */
function cover(covered: Uint8Array, { to, size }: ArrangePart, map: CodeTensor): boolean {
  for (let i = 0; i < size[0]; i++) {
    for (let j = 0; j < size[1]; j++) {
      const pixel = (to.y + i * to.yStep) * map.width + to.x + j * to.xStep;
      for (let k = 0; k < size[2]; k++) {
        const at = pixel * map.channels + to.c + k * to.cStep;
        if (covered[at] === 1) return false;
        covered[at] = 1;
      }
    }
  }
  return true;
}
