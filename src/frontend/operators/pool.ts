/** MaxPool, AveragePool, and pools over the whole map. */
import { emitPool, imageValue, type PlacedWindow } from '../import/emit.js';
import { imageOf } from '../import/image.js';
import { anyMapOperand, mapOperand, paddedOperand } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import type { Value } from '../import/value.js';
import { wholeMap } from '../import/whole-map.js';
import { AUTO_PADS, placeWindow, windowsTouch } from '../import/window.js';
import { type AttributeSpec, type ImportCall, onnxOperator } from './operator.js';

export const WINDOW: Readonly<Record<string, AttributeSpec>> = {
  auto_pad: { type: 'string', default: 'NOTSET', only: AUTO_PADS },
  ceil_mode: { type: 'int', default: 0, only: [0, 1] },
  dilations: { type: 'ints' },
  kernel_shape: { type: 'ints', required: true },
  pads: { type: 'ints' },
  strides: { type: 'ints' },
};

export const MAX_POOL = onnxOperator('MaxPool', {
  inputs: [1, 1],
  attributes: { ...WINDOW, storage_order: { type: 'int', default: 0, only: [0] } },
  import: (call) => {
    const value = anyMapOperand(call, 0);
    const input = imageOf(call, value);
    const axes = value.shape.length - 2;
    const placed = placeWindow(call, input, axes, call.attributes.ints('kernel_shape') ?? []);
    checkPads(call, placed);
    if (!windowsTouch(input.height, 0, placed) || !windowsTouch(input.width, 1, placed)) {
      throw limit(call, 'a window lies in the padding alone');
    }
    const made = imageValue(emitPool(call, 'maxpool', input, placed), value.shape.length);
    // Scales are positive: the largest code is that of the largest value.
    return [value.grid === undefined ? made : { ...made, grid: value.grid }];
  },
});

export const AVERAGE_POOL = onnxOperator('AveragePool', {
  inputs: [1, 1],
  attributes: { ...WINDOW, count_include_pad: { type: 'int', default: 0, only: [0, 1] } },
  import: (call) => {
    const value = paddedOperand(call, 0);
    const input = imageOf(call, value);
    const axes = value.shape.length - 2;
    const placed = placeWindow(call, input, axes, call.attributes.ints('kernel_shape') ?? []);
    const divides = placed.overhang || (placed.padded && call.attributes.int('count_include_pad') === 0);
    if (divides) {
      throw limit(call, 'an average whose divisor changes at the border is not supported', {
        expected: 'no padding, or count_include_pad = 1, and windows that end inside it',
        hint: 'put the zeros into a Pad before it, or train with count_include_pad=True (PyTorch: ceil_mode=False)',
      });
    }
    checkPads(call, placed);
    return [imageValue(emitPool(call, 'averagepool', input, placed), value.shape.length)];
  },
});

/** ONNX Runtime's rule, which runs the graph for calibration. */
function checkPads(call: ImportCall, { window }: PlacedWindow): void {
  const { kernel, pads } = window;
  if (pads.every((n, i) => n < kernel[i % 2]!)) return;
  throw limit(call, 'pads as wide as the window are not supported', {
    expected: `less than ${kernel.join('x')}`,
    actual: pads.join(', '),
  });
}

function importGlobal(call: ImportCall, kind: 'maxpool' | 'averagepool'): Value[] {
  const value = mapOperand(call, 0);
  const input = imageOf(call, value);
  return [imageValue(emitPool(call, kind, input, wholeMap(input, true, true)), value.shape.length)];
}

export const GLOBAL_AVERAGE_POOL = onnxOperator('GlobalAveragePool', {
  inputs: [1, 1],
  attributes: {},
  import: (call) => importGlobal(call, 'averagepool'),
});

export const GLOBAL_MAX_POOL = onnxOperator('GlobalMaxPool', {
  inputs: [1, 1],
  attributes: {},
  import: (call) => importGlobal(call, 'maxpool'),
});
