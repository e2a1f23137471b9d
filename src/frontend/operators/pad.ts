import { layoutsWithSpace, probeAxes } from '../import/image.js';
import type { AxisRoles } from '../import/input-layout.js';
import { type Atom, type MapSize, naturalAtoms, sameAtoms, wholeAxis } from '../import/layout.js';
import { anyMapOperand, optionalConstant } from '../import/operands.js';
import { limit, mismatch } from '../import/refuse.js';
import type { MapTensor, MapValue, Value } from '../import/value.js';
import { axisList } from './axes.js';
import { type ImportCall, onnxOperator } from './operator.js';

/** Zeros around rows and columns, which the convolution or average pool behind it takes into its own pads. */
export const PAD = onnxOperator('Pad', {
  inputs: [1, 4],
  attributes: {
    mode: { type: 'string', default: 'constant', only: ['constant'] },
    pads: { type: 'ints', until: 10 },
    value: { type: 'float', default: 0, until: 10 },
  },
  import: importPad,
});

/** Order of a tensor under these axes. */
function atomsUnder(roles: AxisRoles, size: MapSize): Atom[] {
  const isFirst = roles.c[0] === 1;
  return isFirst ? naturalAtoms(size) : (['h', 'w', 'c'] as const).flatMap((axis) => wholeAxis(size, axis));
}

function importPad(call: ImportCall): Value[] {
  const value = anyMapOperand(call, 0);
  const { shape, tensor } = value;
  const { begin, end } = padsOf(call, shape.length, zeroCode(call, value));
  const padded = shape.flatMap((_, axis) => (begin[axis] !== 0 || end[axis] !== 0 ? [axis] : []));
  if (padded.length === 0) return [value];
  const layouts = layoutsWithSpace(shape.length, padded);
  for (const roles of layouts) probeAxes(call, value, roles);
  const layout = layouts.find((roles) => isLaidOut(value, roles) && sameAtoms(value.atoms, atomsUnder(roles, tensor)));
  if (layout === undefined) {
    throw limit(call, 'only padding of rows and columns is supported', {
      actual: `axes ${padded.join(', ')} of ${shape.join('x')}`,
    });
  }
  const along = (axes: readonly number[], pads: readonly number[]): number =>
    axes[0] === undefined ? 0 : pads[axes[0]]!;
  const { h, w } = layout;
  const pads = [along(h, begin), along(w, begin), along(h, end), along(w, end)] as const;
  const grown: MapTensor = {
    name: call.node.outputs[0]!,
    channels: tensor.channels,
    height: tensor.height + pads[0] + pads[2],
    width: tensor.width + pads[1] + pads[3],
    vector: false,
    padding: { tensor, pads },
  };
  const newShape = shape.map((n, axis) => n + begin[axis]! + end[axis]!);
  const made = { kind: 'map', shape: newShape, tensor: grown, atoms: atomsUnder(layout, grown) } as const;
  return [value.grid === undefined ? made : { ...made, grid: value.grid }];
}

/** Whether the axes have the lengths of the map: atoms alone do not tell axes of length 1 apart. */
function isLaidOut({ shape, tensor }: MapValue, roles: AxisRoles): boolean {
  const length = (axes: readonly number[]): number => (axes[0] === undefined ? 1 : shape[axes[0]]!);
  return (
    shape[0] === 1 &&
    length(roles.c) === tensor.channels &&
    length(roles.h) === tensor.height &&
    length(roles.w) === tensor.width
  );
}

/** What stands for zero in the values that are padded. */
function zeroCode(call: ImportCall, { grid }: MapValue): number {
  if (grid === undefined) return 0;
  const [zero, ...others] = grid.quantizer.zero;
  if (others.every((z) => z === zero)) return zero!;
  throw limit(call, 'codes with a zero for each channel are not padded');
}

/** Zeros before and behind every axis. */
function padsOf(
  call: ImportCall,
  rank: number,
  zero: number,
): { readonly begin: readonly number[]; readonly end: readonly number[] } {
  const fill = call.node.attributes.has('value')
    ? call.attributes.float('value')
    : (optionalConstant(call, 2, 'the padding value')?.data[0] ?? 0);
  if (fill !== zero) {
    throw limit(call, 'only padding with zeros is supported', { expected: `${zero}`, actual: `${fill}` });
  }
  const pads = call.attributes.ints('pads') ?? optionalConstant(call, 1, 'the pads')?.data ?? [];
  const given = optionalConstant(call, 3, 'the axes');
  const axes = given === null ? Array.from({ length: rank }, (_, i) => i) : axisList(call, [...given.data], rank);
  if (pads.length !== 2 * axes.length) {
    throw mismatch(call, 'pads has the wrong number of values', {
      expected: `${2 * axes.length}`,
      actual: `${pads.length}`,
    });
  }
  if (pads.some((n) => n < 0)) {
    throw limit(call, 'negative pads, which cut the tensor, are not supported', { actual: [...pads].join(', ') });
  }
  const side = (offset: number): number[] =>
    Array.from({ length: rank }, (_, axis) => {
      const i = axes.indexOf(axis);
      return i < 0 ? 0 : pads[offset + i]!;
    });
  return { begin: side(0), end: side(axes.length) };
}
