/** A constant matrix along one axis of a tensor: a dense layer, or a 1x1 convolution where other axes are pixels. */
import { transpose } from '../../base/transpose.js';
import { rearranged } from '../fold/codes.js';
import type { ValueCodes } from '../onnx/model.js';
import type { ImportCall } from '../operators/operator.js';
import { emitConv, emitDense } from './emit.js';
import { probeAxes } from './image.js';
import { type Atom, atomsByAxis, naturalAtoms, normalAtoms, positions, sameAtoms, wholeAxis } from './layout.js';
import { limit } from './refuse.js';
import { reordered } from './relaid.js';
import { elementsOf, type MapValue } from './value.js';

export const POINT = {
  window: { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] },
  padded: false,
  overhang: [0, 0],
} as const;

export interface Matrix {
  /** [rows][columns]: a row for each output, a column for each value along the axis. */
  readonly data: Float32Array;
  readonly codes?: ValueCodes | undefined;
  readonly rows: number;
}

/** @param shape of the result: the value's with the axis replaced, or left out */
export function emitMatrix(
  call: ImportCall,
  value: MapValue,
  axis: number,
  matrix: Matrix,
  bias: Float32Array | null,
  shape: readonly number[],
): MapValue {
  const columns = value.shape[axis]!;
  if (elementsOf(value.shape) === columns) {
    const { data, codes, rows } = inNaturalOrder(value, matrix);
    const tensor = emitDense(call, value.tensor, data, rows, bias, codes);
    return { kind: 'map', shape, tensor, atoms: wholeAxis(tensor, 'c') };
  }
  const others = value.shape.flatMap((n, i) => (i === axis || n === 1 ? [] : [i]));
  probeAxes(call, value, { c: [axis], h: others.slice(0, -1), w: others.slice(-1) });
  const axes = atomsByAxis(value.atoms, value.shape);
  const { tensor } = value;
  if (axes === null || !sameAtoms(axes[axis]!, wholeAxis(tensor, 'c'))) throw notChannels(call, value, axis);
  const output = { height: tensor.height, width: tensor.width };
  const constants = { weights: matrix.data, codes: matrix.codes, outputs: matrix.rows, bias, groups: 1 };
  const made = emitConv(call, tensor, { ...POINT, output }, constants);
  const atoms = normalAtoms(axes.flatMap((own, i): Atom[] => (i === axis ? wholeAxis(made, 'c') : own)));
  return { kind: 'map', shape, tensor: made, atoms };
}

function notChannels(call: ImportCall, value: MapValue, axis: number): Error {
  const { channels, height, width } = value.tensor;
  if (height * width === 1) return reordered(call, value);
  return limit(call, 'a matrix along an axis that is not the channels is not supported', {
    expected: `the ${channels} channels of ${value.tensor.name}`,
    actual: `axis ${axis} of ${value.shape.join('x')}`,
    hint: `transpose ${value.tensor.name} so that its channels lie along the axis`,
  });
}

/** Columns in the order of NCHW. */
function inNaturalOrder(value: MapValue, matrix: Matrix): Matrix {
  if (sameAtoms(value.atoms, naturalAtoms(value.tensor))) return matrix;
  const at = positions(value.atoms, value.tensor);
  const columns = at.length;
  const arranged = <T extends Float32Array | Int16Array>(all: T): T => {
    const result = all.slice() as T;
    for (let row = 0; row < matrix.rows; row++) {
      for (let i = 0; i < columns; i++) result[row * columns + at[i]!] = all[row * columns + i]!;
    }
    return result;
  };
  const codes = matrix.codes && rearranged(matrix.codes, arranged);
  return { rows: matrix.rows, data: arranged(matrix.data), codes };
}

/** [columns][rows] -> [rows][columns] */
export function transposed({ data, codes }: Omit<Matrix, 'rows'>, columns: number, rows: number): Matrix {
  const turned = <T extends Float32Array | Int16Array>(all: T): T => transpose(all, [columns, rows], [1, 0]);
  return { rows, data: turned(data), codes: codes && rearranged(codes, turned) };
}
