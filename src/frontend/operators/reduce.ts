import { emitPool } from '../import/emit.js';
import { layoutsWithSpace, probeAxes } from '../import/image.js';
import { atomsByAxis, normalAtoms, wholeAxis } from '../import/layout.js';
import { mapOperand, optionalConstant } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import type { MapValue, Value } from '../import/value.js';
import { wholeMap } from '../import/whole-map.js';
import { axisList } from './axes.js';
import { type ImportCall, onnxOperator } from './operator.js';

/** Mean over rows, columns or both: a pool over the whole map. */
export const REDUCE_MEAN = onnxOperator('ReduceMean', {
  inputs: [1, 2],
  attributes: {
    axes: { type: 'ints', until: 17 },
    keepdims: { type: 'int', default: 1, only: [0, 1] },
    noop_with_empty_axes: { type: 'int', default: 0, only: [0, 1] },
  },
  import: importReduceMean,
});

function importReduceMean(call: ImportCall): Value[] {
  const value = mapOperand(call, 0);
  const { shape, tensor } = value;
  const given = call.attributes.ints('axes') ?? [...(optionalConstant(call, 1, 'the axes')?.data ?? [])];
  if (given.length === 0 && call.attributes.int('noop_with_empty_axes') === 1) return [value];
  const reduced = new Set(given.length === 0 ? shape.keys() : axisList(call, given, shape.length));
  const wide = shape.flatMap((n, axis) => (n > 1 ? [axis] : []));
  const over = wide.filter((axis) => reduced.has(axis));
  const kept = wide.filter((axis) => !reduced.has(axis));
  const left =
    call.attributes.int('keepdims') === 1
      ? shape.map((n, axis) => (reduced.has(axis) ? 1 : n))
      : shape.filter((_, axis) => !reduced.has(axis));
  if (over.length === 0) return [{ ...value, shape: left }];
  const [usual] = layoutsWithSpace(shape.length, over);
  probeAxes(call, value, usual ?? { c: kept, h: over.slice(0, -1), w: over.slice(-1) });
  const axes = atomsByAxis(value.atoms, shape);
  if (axes === null) throw notSpace(call, value);
  const gone = over.flatMap((axis) => axes[axis]!);
  const covers = (axis: 'h' | 'w'): boolean => gone.some((atom) => atom.axis === axis);
  const whole = [...(covers('h') ? wholeAxis(tensor, 'h') : []), ...(covers('w') ? wholeAxis(tensor, 'w') : [])];
  const size = (atoms: typeof gone): number => atoms.reduce((product, atom) => product * atom.size, 1);
  if (gone.some((atom) => atom.axis === 'c') || size(gone) !== size(whole)) throw notSpace(call, value);
  const made = emitPool(call, 'averagepool', tensor, wholeMap(tensor, covers('h'), covers('w')));
  const atoms = normalAtoms(kept.flatMap((axis) => axes[axis]!));
  return [{ kind: 'map', shape: left, tensor: made, atoms }];
}

function notSpace(call: ImportCall, value: MapValue): Error {
  const { channels, height, width } = value.tensor;
  return limit(call, 'a mean over other axes than rows and columns is not supported', {
    expected: `whole rows or columns of the map 1x${channels}x${height}x${width}`,
    actual: `a view of it as ${value.shape.join('x')}`,
  });
}
