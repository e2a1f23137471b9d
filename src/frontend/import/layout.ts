/**
 * In which order an ONNX tensor holds the values of a feature map. The order is a list of atoms, outermost first:
 * pieces of the map's channel, row and column index. Reshape leaves the list as it is, Transpose permutes it;
 * so layout operators cost nothing, and whoever uses a tensor sees at once what its axes mean.
 */
export type MapAxis = 'c' | 'h' | 'w';

/** A digit of the index along one axis of the map: `size` values, `stride` apart along that axis. */
export interface Atom {
  readonly axis: MapAxis;
  readonly size: number;
  readonly stride: number;
}

export interface MapSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

const ORDER: readonly MapAxis[] = ['c', 'h', 'w'];

export function extentOf(size: MapSize, axis: MapAxis): number {
  return axis === 'c' ? size.channels : axis === 'h' ? size.height : size.width;
}

export function wholeAxis(size: MapSize, axis: MapAxis): Atom[] {
  return normalAtoms([{ axis, size: extentOf(size, axis), stride: 1 }]);
}

/** The order of NCHW itself. */
export function naturalAtoms(size: MapSize): Atom[] {
  return ORDER.flatMap((axis) => wholeAxis(size, axis));
}

/** One list for one order: no atom of size 1, none that continues its neighbour. */
export function normalAtoms(atoms: readonly Atom[]): Atom[] {
  const normal: Atom[] = [];
  for (const atom of atoms) {
    if (atom.size === 1) continue;
    const last = normal.at(-1);
    if (last !== undefined && last.axis === atom.axis && last.stride === atom.size * atom.stride) {
      normal[normal.length - 1] = { axis: atom.axis, size: last.size * atom.size, stride: atom.stride };
    } else {
      normal.push(atom);
    }
  }
  return normal;
}

export function sameAtoms(a: readonly Atom[], b: readonly Atom[]): boolean {
  return (
    a.length === b.length &&
    a.every((x, i) => x.axis === b[i]!.axis && x.size === b[i]!.size && x.stride === b[i]!.stride)
  );
}

/** The atoms of every axis of a tensor of this shape; null where an axis cuts an atom in a way no atoms describe. */
export function atomsByAxis(atoms: readonly Atom[], shape: readonly number[]): Atom[][] | null {
  const rest = [...atoms].reverse();
  const axes: Atom[][] = [];
  for (const n of shape) {
    const own: Atom[] = [];
    let need = n;
    while (need > 1) {
      const atom = rest.pop();
      if (atom === undefined) return null;
      if (need % atom.size === 0) {
        own.push(atom);
        need /= atom.size;
      } else if (atom.size % need === 0) {
        const inner = atom.size / need;
        own.push({ axis: atom.axis, size: need, stride: atom.stride * inner });
        rest.push({ axis: atom.axis, size: inner, stride: atom.stride });
        need = 1;
      } else {
        return null;
      }
    }
    axes.push(own);
  }
  return rest.length === 0 ? axes : null;
}

/** For every value in the tensor's order, its index in NCHW. */
export function positions(atoms: readonly Atom[], size: MapSize): Int32Array {
  const pixels = size.height * size.width;
  const step = { c: pixels, h: size.width, w: 1 };
  let result = Int32Array.of(0);
  for (const atom of atoms) {
    const next = new Int32Array(result.length * atom.size);
    const stride = step[atom.axis] * atom.stride;
    for (let i = 0, to = 0; i < result.length; i++) {
      for (let k = 0; k < atom.size; k++) next[to++] = result[i]! + k * stride;
    }
    result = next;
  }
  return result;
}

/** The same atoms from the outermost of NCHW to its innermost. */
export function inNaturalOrder(atoms: readonly Atom[]): Atom[] {
  return [...atoms].sort((a, b) => ORDER.indexOf(a.axis) - ORDER.indexOf(b.axis) || b.stride - a.stride);
}
