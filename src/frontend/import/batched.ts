/** A batch of constant matrices: one layer of all outputs where they meet one tensor, a group for each where they meet one each. */
import type { ImportCall } from '../operators/operator.js';
import { emitMatrix, POINT } from './dense.js';
import { emitConv } from './emit.js';
import { probeAxes } from './image.js';
import { permuted } from './permute.js';
import { limit } from './refuse.js';
import { relaid } from './relaid.js';
import { naturalValue } from './state.js';
import { elementsOf, type MapValue } from './value.js';

export interface MatrixBatch {
  /** Axes before the last two. */
  readonly batch: readonly number[];
  readonly rows: number;
  /** [batch][rows][columns] */
  readonly data: Float32Array;
}

/** The value [.., M, columns] times every matrix, turned: [.., M, rows]. @throws SystoleError operator-limit for other batches */
export function emitBatch(call: ImportCall, value: MapValue, matrices: MatrixBatch): MapValue {
  const { shape } = value;
  const { batch, rows, data } = matrices;
  const own = shape.slice(0, -2);
  const many = elementsOf(batch);
  const [height, columns] = shape.slice(-2) as [number, number];
  if (own.every((n) => n === 1)) {
    const all = { data, rows: many * rows };
    const flat = { ...value, shape: [height, columns] };
    const made = emitMatrix(call, flat, 1, all, null, [height, many * rows]);
    const split = permuted(call, { ...made, shape: [height, many, rows] }, [1, 0, 2]);
    const lead = new Array<number>(Math.max(0, own.length - batch.length)).fill(1);
    return { ...split, shape: [...lead, ...batch, height, rows] };
  }
  const trimmed = (list: readonly number[]): string => list.slice(list.findIndex((n) => n !== 1)).join('x');
  if (trimmed(own) !== trimmed(batch)) {
    throw limit(call, 'a batch of matrices meets a tensor of another batch', {
      expected: 'one matrix for each, or one tensor for all',
      actual: `${shape.join('x')} and matrices of ${batch.join('x')}`,
    });
  }
  const [w, last] = [shape.length - 2, shape.length - 1];
  const roles = { c: [...own.keys(), last], h: [], w: [w] };
  probeAxes(call, value, roles);
  const tensor = relaid(call, value, roles);
  const placed = { ...POINT, output: { height: 1, width: height } };
  const constants = { weights: data, outputs: many * rows, bias: null, groups: many };
  const made = naturalValue(emitConv(call, tensor, placed, constants), [many, rows, height]);
  return { ...permuted(call, made, [0, 2, 1]), shape: [...own, height, rows] };
}
