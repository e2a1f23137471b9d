/** MaxPool, AveragePool, and pools over the whole map. */
import { emitPool, imageValue, type PlacedWindow } from '../import/emit.js';
import { imageOf } from '../import/image.js';
import { anyMapOperand, mapOperand, paddedOperand } from '../import/operands.js';
import { emitPadded, realized } from '../import/realized.js';
import { limit } from '../import/refuse.js';
import { partOf } from '../import/state.js';
import type { MapTensor, Value } from '../import/value.js';
import { wholeMap } from '../import/whole-map.js';
import { AUTO_PADS, placeWindow } from '../import/window.js';
import { emptyWindow } from '../window-taps.js';
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
    if (emptyWindow(placed.window, input, placed.output)) throw limit(call, 'a window lies in the padding alone');
    const made = imageValue(emitPool(call, 'maxpool', input, placed), value.shape.length);
    // Scales are positive: the largest code is that of the largest value.
    return [value.grid === undefined ? made : { ...made, grid: value.grid }];
  },
});

export const AVERAGE_POOL = onnxOperator('AveragePool', {
  inputs: [1, 1],
  attributes: { ...WINDOW, count_include_pad: { type: 'int', default: 0, only: [0, 1] } },
  import: importAveragePool,
});

/** From this operator set on a divisor that counts padding does not count what ceil_mode reaches beyond it. */
const COUNTED_PADS = 19;

function importAveragePool(call: ImportCall): Value[] {
  const value = paddedOperand(call, 0);
  const rank = value.shape.length;
  const input = imageOf(call, value);
  const place = (map: MapTensor): PlacedWindow =>
    placeWindow(call, map, rank - 2, call.attributes.ints('kernel_shape') ?? []);
  const placed = place(input);
  const counts = call.attributes.int('count_include_pad') === 1;
  const beyond = placed.overhang.some((n) => n > 0);
  if (counts ? !(beyond && call.opset >= COUNTED_PADS) : !(beyond || placed.padded)) {
    if (input.padding !== undefined && !isNarrow(placed)) return importAveragePool(withoutPadding(call));
    checkPads(call, placed);
    return [imageValue(emitPool(call, 'averagepool', input, placed), rank)];
  }
  // The zeros of a Pad count like values.
  const made = realized(call.state, input);
  const alone = place(made);
  checkPads(call, alone);
  if (!counts) return [averageInside(call, made, alone, rank)];
  const { window, overhang } = alone;
  const [top, left, bottom, right] = window.pads;
  const own = [top, left, bottom - overhang[0], right - overhang[1]] as const;
  const zeros = emitPadded(partOf(call, 'zeros', 'intermediate'), made, own);
  const rest = { ...alone, window: { ...window, pads: [0, 0, ...overhang] as const } };
  return [averageInside(partOf(call, 'average', 'output'), zeros, rest, rank)];
}

/** The zeros of a Pad before it are made. */
function withoutPadding(call: ImportCall): ImportCall {
  return { ...call, inputs: call.inputs.with(0, mapOperand(call, 0)) };
}

function averageInside(call: ImportCall, input: MapTensor, placed: PlacedWindow, rank: number): Value {
  if (emptyWindow(placed.window, input, placed.output)) throw limit(call, 'a window lies in the padding alone');
  return imageValue(emitPool(call, 'averagepool', input, placed, 'excluded'), rank);
}

function isNarrow({ window: { kernel, pads } }: Pick<PlacedWindow, 'window'>): boolean {
  return pads.every((n, i) => n < kernel[i % 2]!);
}

/** ONNX Runtime's rule, which runs the graph for calibration. */
function checkPads(call: ImportCall, { window }: PlacedWindow): void {
  const { kernel, pads } = window;
  if (isNarrow({ window })) return;
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
