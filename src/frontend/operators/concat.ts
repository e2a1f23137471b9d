import { foldConcat } from '../fold/pieces.js';
import { concatenated, type Piece } from '../import/concat.js';
import { sameSteps } from '../import/grid.js';
import { anyMapOperand, floatOperand, notReal } from '../import/operands.js';
import { limit, mismatch } from '../import/refuse.js';
import type { MapValue, Value } from '../import/value.js';
import { oneAxis } from './axes.js';
import { type ImportCall, onnxOperator } from './operator.js';

export const CONCAT = onnxOperator('Concat', {
  inputs: [1, Number.POSITIVE_INFINITY],
  attributes: { axis: { type: 'int', required: true } },
  fold: foldConcat,
  import: importConcat,
});

function importConcat(call: ImportCall): Value[] {
  const maps = call.inputs.flatMap((value, i) => (value?.kind === 'constant' ? [] : [anyMapOperand(call, i)]));
  const first = maps[0]!;
  const axis = oneAxis(call, call.attributes.int('axis'), first.shape.length);
  const others = othersThan(axis);
  const odd = maps.find(({ shape }) => shape.length !== first.shape.length || others(shape) !== others(first.shape));
  if (odd !== undefined) {
    throw mismatch(call, 'tensors that do not go together are joined', {
      actual: `${first.shape.join('x')} and ${odd.shape.join('x')}`,
    });
  }
  const { grid } = first;
  const differs = maps.some((value) => (value.grid === undefined) !== (grid === undefined) || !sameGrid(value, first));
  if (differs) throw notReal(call, 0);
  const { pieces, fill } = piecesOf(call, axis, first);
  const made = concatenated(call, pieces, axis, fill);
  if (made !== null) return [made];
  throw limit(call, 'maps are joined along channels, rows or columns only', {
    expected: 'whole channels, rows or columns in one layout',
    actual: maps.map(({ shape }) => shape.join('x')).join(', '),
    hint: 'join the tensors before they are reshaped, or at the end of the network, where the host does it',
  });
}

/** The lengths of all axes but one. */
function othersThan(axis: number): (shape: readonly number[]) => string {
  return (shape) => shape.toSpliced(axis, 1).join('x');
}

function sameGrid(a: MapValue, b: MapValue): boolean {
  if (a.grid === undefined || b.grid === undefined) return true;
  return a.grid.elementType === b.grid.elementType && sameSteps(a.grid.quantizer, b.grid.quantizer);
}

/** Constants among the tensors are the fill: one number for all. */
function piecesOf(
  call: ImportCall,
  axis: number,
  first: MapValue,
): { readonly pieces: Piece[]; readonly fill: number } {
  const others = othersThan(axis);
  const fills = new Set<number>();
  const pieces = call.inputs.map((value, i): Piece => {
    if (value?.kind !== 'constant') return anyMapOperand(call, i);
    const constant = floatOperand(call, i, 'a joined constant');
    const goes = constant.shape.length === first.shape.length && others(constant.shape) === others(first.shape);
    if (!goes) {
      throw mismatch(call, 'tensors that do not go together are joined', { actual: constant.shape.join('x') });
    }
    for (const x of constant.data) fills.add(x);
    return { kind: 'fill', count: constant.shape[axis]! };
  });
  if (fills.size > 0 && (fills.size > 1 || first.grid !== undefined)) {
    throw limit(call, 'a constant joined to a map must be one number everywhere', {
      hint: 'fold the constant into the layer behind: it adds the same to every output',
    });
  }
  const [fill = 0] = fills;
  return { pieces, fill };
}
