import { expect, it } from 'vitest';
import { refusalOf } from '../../support/import-refusals.js';
import { type BuiltNode, type BuiltTensor, floats, ints, node, randomFloats } from '../../support/onnx-builder.js';

const vector = (values: readonly number[]) => ints([values.length], values);
const numbers = (values: readonly number[]) => floats([values.length], values);
const HUGE = 2 ** 50;

/** Numbers for which no array is large enough, before any is made. */
it.each<[string, BuiltNode, BuiltTensor]>([
  ['Resize by a huge factor', node('Resize', 'r _ k', 'a'), numbers([1, 1, HUGE, 1])],
  ['Resize to a huge size', node('Resize', 'r _ _ k', 'a'), vector([1, 3, HUGE, 8])],
  ['Resize to half a pixel', node('Resize', 'r _ _ k', 'a'), numbers([1, 3, 2.5, 8])],
  ['Tile', node('Tile', 'r k', 'a'), vector([1, 1, HUGE, 1])],
  ['Pad', node('Pad', 'r k', 'a', { mode: 'edge' }), vector([0, 0, HUGE, 0, 0, 0, 0, 0])],
  ['Pad by half a pixel', node('Pad', 'r k', 'a'), numbers([0, 0, 0.5, 0, 0, 0, 0, 0])],
  ['Split into as many', node('Split', 'r', 'a b', { axis: 1, num_outputs: 2 ** 40 }), vector([])],
  ['Split into halves', node('Split', 'r k', 'a b', { axis: 1 }), numbers([1.5, 1.5])],
  ['Slice at half a pixel', node('Slice', 'r k e', 'a'), numbers([0, 0.5])],
  ['ConvTranspose by huge strides', node('ConvTranspose', 'r w', 'a', { strides: [2 ** 40, 1] }), vector([])],
  [
    'AveragePool of a huge window',
    node('AveragePool', 'r', 'a', { kernel_shape: [HUGE, 2], pads: [HUGE - 1, 0, HUGE - 1, 0] }),
    vector([]),
  ],
])('%s is refused', (_, operator, k) => {
  const first = node('MaxPool', 'x', 'r', { kernel_shape: [1, 1] });
  const last = node('MaxPool', 'a', 'y', { kernel_shape: [1, 1] });
  const initializers = { k, e: vector([9, 9]), w: randomFloats([3, 2, 2, 2], 1) };
  const error = refusalOf({ opset: 18, nodes: [first, operator, last], initializers });
  expect(error.where).toBe(`node a (${operator.operator})`);
});
