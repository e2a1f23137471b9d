import { emitAffine, emitPool } from '../import/emit.js';
import { layoutsWithSpace, probeAxes } from '../import/image.js';
import { keepImages } from '../import/images.js';
import { atomsByAxis, normalAtoms, wholeAxis } from '../import/layout.js';
import { mapOperand, optionalConstant } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import { partOf } from '../import/state.js';
import type { MapTensor, MapValue } from '../import/value.js';
import { wholeMap } from '../import/whole-map.js';
import { axisList } from './axes.js';
import { type ImportCall, type Operator, onnxOperator } from './operator.js';

/** A pool over the whole map, and what becomes of its result. */
interface Reduction {
  readonly pool: 'averagepool' | 'maxpool';
  /** The factor before the pool, and the one behind it where a pool is over so many values. */
  readonly before?: number;
  readonly after?: (area: number) => number;
}

/** @param until the last operator set in which axes are an attribute */
function reduction(name: string, until: number, how: Reduction): Operator {
  return onnxOperator(name, {
    inputs: [1, 2],
    attributes: {
      axes: { type: 'ints', until },
      keepdims: { type: 'int', default: 1, only: [0, 1] },
      noop_with_empty_axes: { type: 'int', default: 0, only: [0, 1] },
    },
    import: (call) => [importReduction(call, how)],
  });
}

/** Over rows, columns or both. */
export const REDUCE_MEAN = reduction('ReduceMean', 17, { pool: 'averagepool' });

export const REDUCTIONS: readonly Operator[] = [
  reduction('ReduceMax', 17, { pool: 'maxpool' }),
  REDUCE_MEAN,
  reduction('ReduceMin', 17, { pool: 'maxpool', before: -1, after: () => -1 }),
  reduction('ReduceSum', 12, { pool: 'averagepool', after: (area) => area }),
];

function importReduction(call: ImportCall, how: Reduction): MapValue {
  const value = mapOperand(call, 0);
  const { shape, tensor } = value;
  const given = call.attributes.ints('axes') ?? [...(optionalConstant(call, 1, 'the axes')?.data ?? [])];
  if (given.length === 0 && call.attributes.int('noop_with_empty_axes') === 1) return value;
  const reduced = new Set(given.length === 0 ? shape.keys() : axisList(call, given, shape.length));
  keepImages(call, shape, [...reduced]);
  const wide = shape.flatMap((n, axis) => (n > 1 ? [axis] : []));
  const over = wide.filter((axis) => reduced.has(axis));
  const kept = wide.filter((axis) => !reduced.has(axis));
  const left =
    call.attributes.int('keepdims') === 1
      ? shape.map((n, axis) => (reduced.has(axis) ? 1 : n))
      : shape.filter((_, axis) => !reduced.has(axis));
  if (over.length === 0) return { ...value, shape: left };
  const [usual] = layoutsWithSpace(shape.length, over);
  probeAxes(call, value, usual ?? { c: kept, h: over.slice(0, -1), w: over.slice(-1) });
  const axes = atomsByAxis(value.atoms, shape);
  if (axes === null) throw notSpace(call, value);
  const gone = over.flatMap((axis) => axes[axis]!);
  const covers = (axis: 'h' | 'w'): boolean => gone.some((atom) => atom.axis === axis);
  const whole = [...(covers('h') ? wholeAxis(tensor, 'h') : []), ...(covers('w') ? wholeAxis(tensor, 'w') : [])];
  const size = (atoms: typeof gone): number => atoms.reduce((product, atom) => product * atom.size, 1);
  if (gone.some((atom) => atom.axis === 'c') || size(gone) !== size(whole)) throw notSpace(call, value);
  const atoms = normalAtoms(kept.flatMap((axis) => axes[axis]!));
  const reducing = (map: MapTensor, part: ImportCall): MapValue => {
    const tensor = emitPool(part, how.pool, map, wholeMap(map, covers('h'), covers('w')));
    return { kind: 'map', shape: left, tensor, atoms };
  };
  const factor = how.after?.(size(gone)) ?? 1;
  if (how.before === undefined && factor === 1) return reducing(tensor, call);
  const first = how.before === undefined ? value : scaled(partOf(call, 'before', 'intermediate'), value, how.before);
  const makes = how.before === undefined ? 'intermediate' : 'between';
  const pooled = reducing(first.tensor, partOf(call, 'pool', makes));
  return scaled(partOf(call, 'after', 'output'), pooled, factor);
}

function scaled(call: ImportCall, value: MapValue, factor: number): MapValue {
  return emitAffine(call, value, { shape: [], data: Float32Array.of(factor) }, null);
}

function notSpace(call: ImportCall, value: MapValue): Error {
  const { channels, height, width } = value.tensor;
  return limit(call, `${call.node.operator} over other axes than rows and columns is not supported`, {
    expected: `whole rows or columns of the map 1x${channels}x${height}x${width}`,
    actual: `a view of it as ${value.shape.join('x')}`,
  });
}
