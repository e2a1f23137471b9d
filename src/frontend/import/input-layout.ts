/** Which axes of the model's input are channels, rows and columns: what the first operator that cares says. */
import type { GraphInput, InputLayout, Shape } from '../graph.js';
import { type Atom, atomsByAxis, type MapAxis, normalAtoms } from './layout.js';
import { elementsOf, type MapTensor, type MapValue, shapeOf } from './value.js';

/** The axes of a value that make up each axis of the map, outermost first. */
export interface AxisRoles {
  readonly c: readonly number[];
  readonly h: readonly number[];
  readonly w: readonly number[];
}

/** What each axis of a value of this rank is. */
export function rolesList(roles: AxisRoles, rank: number): (MapAxis | null)[] {
  const axisOf = (i: number): MapAxis | null =>
    (['c', 'h', 'w'] as const).find((axis) => roles[axis].includes(i)) ?? null;
  return Array.from({ length: rank }, (_, i) => axisOf(i));
}

/** The input as a tensor of the graph, and its order in the model. */
export interface PinnedInput {
  readonly tensor: MapTensor;
  readonly atoms: readonly Atom[];
  readonly layout: InputLayout;
}

/** Nothing says otherwise: a vector in the model's own order. */
export function vectorInput(name: string, modelShape: Shape): PinnedInput {
  const channels = elementsOf(modelShape);
  const tensor: MapTensor = { name, channels, height: 1, width: 1, vector: true };
  const atoms = normalAtoms([{ axis: 'c', size: channels, stride: 1 }]);
  return { tensor, atoms, layout: { modelShape, split: [channels], permutation: [0] } };
}

/**
 * The layout under which `value`, a view of the input as a vector in the model's own order, is a map with these axes.
 * null where its axes are no permutation of parts of the model's.
 */
export function pinInput(name: string, modelShape: Shape, value: MapValue, roles: AxisRoles): PinnedInput | null {
  const axes = atomsByAxis(value.atoms, value.shape);
  const size = (axis: MapAxis): number => elementsOf(roles[axis].map((i) => value.shape[i]!));
  // An axis without a role may only have one value: the model's batch.
  if (axes === null || size('c') * size('h') * size('w') !== elementsOf(value.shape)) return null;
  const parts = (['c', 'h', 'w'] as const).flatMap((axis) =>
    placed(
      axis,
      roles[axis].flatMap((i) => axes[i] ?? []),
    ),
  );
  // Parts in the order of the model's input: the largest stride first.
  const inModel = [...parts].sort((a, b) => b.stride - a.stride);
  return {
    tensor: { name, channels: size('c'), height: size('h'), width: size('w'), vector: false },
    atoms: normalAtoms(inModel.map((part) => part.atom)),
    layout: {
      modelShape,
      split: inModel.map((part) => part.atom.size),
      permutation: parts.map((part) => inModel.indexOf(part)),
    },
  };
}

interface Part {
  /** In values of the model's input. */
  readonly stride: number;
  readonly atom: Atom;
}

/** Pieces of the model's input that make up one axis of the map. */
function placed(axis: MapAxis, pieces: readonly Atom[]): Part[] {
  return pieces.map((piece, i) => {
    const stride = elementsOf(pieces.slice(i + 1).map((inner) => inner.size));
    return { stride: piece.stride, atom: { axis, size: piece.size, stride } };
  });
}

export function graphInput(pinned: PinnedInput): GraphInput {
  const { tensor, layout } = pinned;
  const shape = shapeOf(tensor);
  const sameShape = shape.length === layout.modelShape.length && shape.every((n, i) => n === layout.modelShape[i]);
  const sameOrder = layout.permutation.every((axis, i) => axis === i);
  return { name: tensor.name, shape, ...(sameShape && sameOrder ? {} : { layout }) };
}
