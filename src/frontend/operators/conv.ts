import { emitConv, imageValue } from '../import/emit.js';
import { imageOf } from '../import/image.js';
import { floatOperand, optionalFloats, paddedOperand } from '../import/operands.js';
import { limit, mismatch } from '../import/refuse.js';
import type { Value } from '../import/value.js';
import { AUTO_PADS, placeWindow } from '../import/window.js';
import { type ImportCall, type Operator, onnxOperator } from './operator.js';

export const CONV_ATTRIBUTES: Operator['attributes'] = {
  auto_pad: { type: 'string', default: 'NOTSET', only: AUTO_PADS },
  dilations: { type: 'ints' },
  group: { type: 'int', default: 1 },
  kernel_shape: { type: 'ints' },
  pads: { type: 'ints' },
  strides: { type: 'ints' },
};

export const CONV = onnxOperator('Conv', {
  inputs: [2, 3],
  attributes: CONV_ATTRIBUTES,
  import: importConv,
});

export function importConv(call: ImportCall): Value[] {
  const value = paddedOperand(call, 0);
  const input = imageOf(call, value);
  const weights = floatOperand(call, 1, 'the weights');
  const bias = optionalFloats(call, 2, 'the biases');
  const rank = value.shape.length;
  const [outputs = 0, perGroup = 0, ...kernel] = weights.shape;
  const groups = call.attributes.int('group');
  if (weights.shape.length !== rank) {
    throw mismatch(call, 'the weights have another number of axes than the input', {
      expected: `${rank}`,
      actual: weights.shape.join('x'),
    });
  }
  const declared = call.attributes.ints('kernel_shape');
  if (declared !== null && declared.length > 0 && declared.join() !== kernel.join()) {
    throw mismatch(call, 'kernel_shape differs from the weights', {
      expected: kernel.join('x'),
      actual: declared.join('x'),
    });
  }
  if (groups < 1 || outputs < 1 || outputs % groups !== 0 || perGroup * groups !== input.channels) {
    throw mismatch(call, 'channels, groups and weights do not go together', {
      expected: `${input.channels} input channels in groups`,
      actual: `${groups} groups of ${perGroup}, ${outputs} outputs`,
    });
  }
  if (bias !== null && bias.data.length !== outputs) {
    throw mismatch(call, 'there is not one bias for each output channel', {
      expected: `${outputs}`,
      actual: `${bias.data.length}`,
    });
  }
  const placed = placeWindow(call, input, rank - 2, kernel);
  if (placed.output.height < 1 || placed.output.width < 1) throw limit(call, 'the output is empty');
  const constants = { weights: weights.data, codes: weights.codes, outputs, bias: bias?.data ?? null, groups };
  return [imageValue(emitConv(call, input, placed, constants), rank)];
}
