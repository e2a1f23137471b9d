/**
 * Floor, Ceil and Round: quantizers of step 1. Networks of integers in float clothes (NEMO, Quantlab) write their
 * requantizers as a product, a division, Floor and Clip.
 */
import { foldUnary } from '../fold/elementwise.js';
import type { Rounding } from '../graph.js';
import { emitQuant } from '../import/emit.js';
import { mapOperand } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import { isFollowed } from '../import/state.js';
import { rounded } from '../quantizer.js';
import { type Operator, onnxOperator } from './operator.js';

/** Whole numbers that float32 and double agree on; a Clip beside it says which are meant. */
const ENDS = { lo: -(2 ** 31), hi: 2 ** 31 };

function rounding(name: string, round: Rounding): Operator {
  return onnxOperator(name, {
    inputs: [1, 1],
    attributes: {},
    fold: (call) => foldUnary(call, (x) => rounded(round, x)),
    import: (call) => {
      if (!isFollowed(call)) throw limit(call, 'a rounding without bounds, behind the last layer, is no quantizer');
      const unit = { scale: Float32Array.of(1), zero: Float32Array.of(0) };
      return [emitQuant(call, mapOperand(call, 0), { kind: 'uniform', ...unit, ...ENDS, round, zeroInside: false })];
    },
  });
}

export const FLOOR = rounding('Floor', 'floor');
export const CEIL = rounding('Ceil', 'ceil');
export const ROUND = rounding('Round', 'half-even');
