import { emitAffine, OPEN } from '../import/emit.js';
import { type FloatOperand, floatOperand, mapOperand } from '../import/operands.js';
import { mismatch } from '../import/refuse.js';
import type { Value } from '../import/value.js';
import { type ImportCall, onnxOperator } from './operator.js';

/** y = (x - mean) / sqrt(variance + epsilon) * scale + bias, as one scale and shift for each channel. */
export const BATCH_NORMALIZATION = onnxOperator('BatchNormalization', {
  inputs: [5, 5],
  attributes: {
    epsilon: { type: 'float', default: 1e-5 },
    momentum: { type: 'ignored' },
    spatial: { type: 'int', default: 1, only: [1], until: 8 },
    training_mode: { type: 'int', default: 0, only: [0] },
  },
  import: importBatchNormalization,
});

const NAMES = ['the scales', 'the biases', 'the means', 'the variances'];

function importBatchNormalization(call: ImportCall): Value[] {
  const value = mapOperand(call, 0);
  const channels = value.shape[1] ?? 1;
  const [scale, bias, mean, variance] = NAMES.map((what, i) => floatOperand(call, i + 1, what)) as [
    FloatOperand,
    FloatOperand,
    FloatOperand,
    FloatOperand,
  ];
  for (const [i, operand] of [scale, bias, mean, variance].entries()) {
    if (operand.data.length === channels) continue;
    throw mismatch(call, `${NAMES[i]} are not one for each channel`, {
      expected: `${channels}`,
      actual: `${operand.data.length}`,
    });
  }
  const epsilon = call.attributes.float('epsilon');
  const factor = Float64Array.from(variance.data, (v, c) => scale.data[c]! / Math.sqrt(v + epsilon));
  const shift = Float32Array.from(factor, (f, c) => bias.data[c]! - mean.data[c]! * f);
  const shape = [channels, ...value.shape.slice(2).map(() => 1)];
  const norm = { gain: scale.data, bias: bias.data, mean: mean.data, variance: variance.data, epsilon };
  return [emitAffine(call, value, { shape, data: Float32Array.from(factor) }, { shape, data: shift }, OPEN, { norm })];
}
