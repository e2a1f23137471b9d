/** Every operator that is supported. An operator that is not here is refused by name. */
import { CLIP, RELU } from './activation.js';
import { ADD, DIV, MUL, NEG, POW, SUB } from './arithmetic.js';
import { CHANNELS_LAST } from './channels-last.js';
import { CONSTANT, CONSTANT_OF_SHAPE, SHAPE, SQRT } from './constants.js';
import { CONV } from './conv.js';
import { ARG_MAX, SIGMOID, SOFTMAX } from './ends.js';
import { FINN } from './finn.js';
import { FUSED } from './fused.js';
import { HOST_ONLY } from './host-only.js';
import { CAST, DROPOUT, IDENTITY } from './identity.js';
import { INTEGER } from './integer.js';
import { FLATTEN, RESHAPE, SQUEEZE, TRANSPOSE, UNSQUEEZE } from './layout.js';
import { GEMM, MATMUL } from './matrix.js';
import { BATCH_NORMALIZATION } from './normalization.js';
import type { Operator } from './operator.js';
import { POINTWISE } from './pointwise.js';
import { AVERAGE_POOL, GLOBAL_AVERAGE_POOL, GLOBAL_MAX_POOL, MAX_POOL } from './pool.js';
import { QLINEAR } from './qlinear.js';
import { QONNX } from './qonnx.js';
import { QUANTIZATION } from './quantize.js';
import { REDUCTIONS } from './reduce.js';
import { CEIL, FLOOR, ROUND } from './rounding.js';
import { MAX, MEAN, MIN, SUM } from './several.js';
import { STRUCTURE } from './structure.js';
import { TRUNC_OPERATORS } from './trunc.js';

export const OPERATORS: readonly Operator[] = [
  ADD,
  ARG_MAX,
  AVERAGE_POOL,
  BATCH_NORMALIZATION,
  CAST,
  CEIL,
  CLIP,
  CONSTANT,
  CONSTANT_OF_SHAPE,
  CONV,
  DIV,
  DROPOUT,
  FLATTEN,
  FLOOR,
  GEMM,
  GLOBAL_AVERAGE_POOL,
  GLOBAL_MAX_POOL,
  IDENTITY,
  MATMUL,
  MAX,
  MAX_POOL,
  MEAN,
  MIN,
  MUL,
  NEG,
  POW,
  RELU,
  RESHAPE,
  ROUND,
  SHAPE,
  SIGMOID,
  SOFTMAX,
  SQRT,
  SQUEEZE,
  SUB,
  SUM,
  TRANSPOSE,
  UNSQUEEZE,
  ...POINTWISE,
  ...QUANTIZATION,
  ...QONNX,
  ...FINN,
  ...HOST_ONLY,
  ...CHANNELS_LAST,
  ...FUSED,
  ...INTEGER,
  ...QLINEAR,
  ...REDUCTIONS,
  ...STRUCTURE,
  ...TRUNC_OPERATORS,
];

const BY_NAME = new Map(OPERATORS.map((operator) => [`${operator.domain}:${operator.name}`, operator]));

export function findOperator(domain: string, name: string): Operator | undefined {
  return BY_NAME.get(`${domain}:${name}`);
}
