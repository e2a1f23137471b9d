/** Gemm and MatMul with a constant matrix. */
import { transpose } from '../../base/transpose.js';
import { emitBatch } from '../import/batched.js';
import { emitMatrix, type Matrix, transposed } from '../import/dense.js';
import { type FloatOperand, floatOperand, mapOperand, optionalFloats } from '../import/operands.js';
import { emitPatches } from '../import/patches.js';
import { permuted } from '../import/permute.js';
import { limit, mismatch } from '../import/refuse.js';
import { elementsOf, type MapValue, type Value } from '../import/value.js';
import { type ImportCall, onnxOperator } from './operator.js';

export const GEMM_ATTRIBUTES = {
  alpha: { type: 'float', default: 1 },
  transA: { type: 'int', default: 0, only: [0, 1] },
  transB: { type: 'int', default: 0, only: [0, 1] },
} as const;

export const GEMM = onnxOperator('Gemm', {
  inputs: [2, 3],
  attributes: { ...GEMM_ATTRIBUTES, beta: { type: 'float', default: 1 } },
  import: importGemm,
});

export const MATMUL = onnxOperator('MatMul', { inputs: [2, 2], attributes: {}, import: importMatMul });

export function importGemm(call: ImportCall): Value[] {
  const a = mapOperand(call, 0);
  const b = floatOperand(call, 1, 'the weights');
  const c = optionalFloats(call, 2, 'the biases');
  const transB = call.attributes.int('transB') === 1;
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    throw mismatch(call, 'Gemm works on two axes', { actual: `${a.shape.join('x')} and ${b.shape.join('x')}` });
  }
  const value = call.attributes.int('transA') === 1 ? permuted(call, a, [1, 0]) : a;
  const [columns, rows] = transB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (value.shape[1] !== columns) throw disagree(call, value.shape, b);
  const alpha = call.attributes.float('alpha');
  const upright = transB ? { ...b, rows } : transposed(b, columns, rows);
  const matrix = alpha === 1 ? upright : scaledBy(call, upright, alpha);
  const others = value.shape[0]!;
  const bias = c === null ? null : rowBias(call, c, others, rows);
  return [emitMatrix(call, value, 1, matrix, bias, [others, rows])];
}

function scaledBy(call: ImportCall, { data, codes, rows }: Matrix, alpha: number): Matrix {
  if (codes !== undefined && !(alpha > 0)) {
    throw limit(call, 'an alpha of quantized weights must be positive', { actual: `${alpha}` });
  }
  const scale = codes?.scale.map((s) => s * alpha);
  return { rows, data: data.map((w) => w * alpha), codes: codes && { ...codes, scale: scale! } };
}

/** beta * C, broadcast to [M, N], where it is the same for all M. */
function rowBias(call: ImportCall, c: FloatOperand, m: number, n: number): Float32Array {
  const beta = call.attributes.float('beta');
  const [rows, columns] = c.shape.length < 2 ? [1, c.shape[0] ?? 1] : [c.shape[0]!, c.shape[1]!];
  if (c.shape.length > 2 || (rows !== 1 && rows !== m) || (columns !== 1 && columns !== n)) {
    throw mismatch(call, 'the biases do not go with the output', { expected: `${m}x${n}`, actual: c.shape.join('x') });
  }
  if (rows !== 1) {
    throw limit(call, 'biases that differ from row to row are not supported', { actual: c.shape.join('x') });
  }
  return Float32Array.from({ length: n }, (_, i) => c.data[columns === 1 ? 0 : i]! * beta);
}

export function importMatMul(call: ImportCall): Value[] {
  const [a, b] = call.inputs;
  if (a?.kind === 'map' && b?.kind === 'map') {
    throw limit(call, 'a product of two computed tensors is not supported', {
      hint: 'one operand must be a constant; attention is beyond a convolutional network',
    });
  }
  if (a?.kind === 'patches') {
    const weights = floatOperand(call, 1, 'the weights');
    const [columns = 1, rows = 1] = weights.shape.slice(-2);
    if (isBatch(weights)) throw limit(call, 'patches meet a batch of matrices', { actual: weights.shape.join('x') });
    return [emitPatches(call, a, transposed(weights, columns, rows), null)];
  }
  return a?.kind === 'constant' ? matrixFirst(call) : matrixSecond(call);
}

/** x [.., K] times W [K, N], or [K]. */
function matrixSecond(call: ImportCall): Value[] {
  const value = mapOperand(call, 0);
  const b = floatOperand(call, 1, 'the weights');
  if (isBatch(b)) return [batchSecond(call, value, b)];
  const inner = b.shape.slice(-2);
  const columns = inner[0] ?? 1;
  const rows = inner[1] ?? 1;
  const axis = value.shape.length - 1;
  if (axis < 0 || value.shape[axis] !== columns) throw disagree(call, value.shape, b);
  const kept = [...value.shape.slice(0, -1), ...(inner.length === 1 ? [] : [rows])];
  const shape = [...ones(b.shape, value.shape), ...kept];
  return [emitMatrix(call, value, axis, transposed(b, columns, rows), null, shape)];
}

/** W [N, K], or [K], times x [.., K, M] or [K]. */
function matrixFirst(call: ImportCall): Value[] {
  const a = floatOperand(call, 0, 'the weights');
  const value = mapOperand(call, 1);
  if (isBatch(a)) return [batchFirst(call, a, value)];
  const inner = a.shape.slice(-2);
  const columns = inner.at(-1) ?? 1;
  const rows = inner.length === 1 ? 1 : inner[0]!;
  const axis = Math.max(0, value.shape.length - 2);
  if (value.shape[axis] !== columns) throw disagree(call, value.shape, a);
  const kept = [...value.shape.slice(0, axis), ...(inner.length === 1 ? [] : [rows]), ...value.shape.slice(axis + 1)];
  const shape = [...ones(a.shape, value.shape), ...kept];
  return [emitMatrix(call, value, axis, { ...a, rows }, null, shape)];
}

function isBatch({ shape, data }: FloatOperand): boolean {
  return data.length !== elementsOf(shape.slice(-2));
}

/** Of a model that is fixed to several images one is left: it would meet the matrices of all of them. */
function refuseForImages(call: ImportCall, { shape }: MapValue, matrix: FloatOperand): void {
  const [first = 1] = matrix.shape;
  if (call.state.batch === 1 || shape.length !== matrix.shape.length || first === 1 || shape[0] !== 1) return;
  throw limit(call, 'a matrix for each image of a batch is not supported', {
    expected: 'the same matrices for all images',
    actual: matrix.shape.join('x'),
  });
}

/** x [.., M, K], or [K], times W [batch, K, N] */
function batchSecond(call: ImportCall, value: MapValue, b: FloatOperand): MapValue {
  refuseForImages(call, value, b);
  const [columns, rows] = b.shape.slice(-2) as [number, number];
  if (value.shape.at(-1) !== columns || b.codes !== undefined) throw disagree(call, value.shape, b);
  const batch = b.shape.slice(0, -2);
  const data = transpose(b.data, [elementsOf(batch), columns, rows], [0, 2, 1]);
  if (value.shape.length > 1) return emitBatch(call, value, { batch, rows, data });
  const made = emitBatch(call, { ...value, shape: [1, columns] }, { batch, rows, data });
  return { ...made, shape: [...batch, rows] };
}

/** W [batch, N, K] times x [.., K, M], or [K] */
function batchFirst(call: ImportCall, a: FloatOperand, value: MapValue): MapValue {
  refuseForImages(call, value, a);
  const [rows, columns] = a.shape.slice(-2) as [number, number];
  const batch = a.shape.slice(0, -2);
  const isVector = value.shape.length === 1;
  const turned = isVector
    ? { ...value, shape: [1, value.shape[0]!] }
    : permuted(call, value, swapped(value.shape.length));
  if (turned.shape.at(-1) !== columns || a.codes !== undefined) throw disagree(call, value.shape, a);
  const made = emitBatch(call, turned, { batch, rows, data: a.data });
  return isVector ? { ...made, shape: [...batch, rows] } : permuted(call, made, swapped(made.shape.length));
}

/** The last two axes change places. */
function swapped(rank: number): number[] {
  return [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2];
}

/** Axes of the constant before those of the value; a vector counts as a matrix. */
function ones(constant: readonly number[], value: readonly number[]): number[] {
  return new Array<number>(Math.max(0, constant.length - Math.max(2, value.length))).fill(1);
}

function disagree(call: ImportCall, shape: readonly number[], matrix: FloatOperand): Error {
  return mismatch(call, 'the matrix does not go with the input', {
    actual: `${shape.join('x')} and ${matrix.shape.join('x')}`,
  });
}
