/** Pad: zeros around rows and columns wait for the window that takes them into its own pads; all else is a rearranged map. */
import { extentOf } from '../import/layout.js';
import { pinnedAxes, valueUnder } from '../import/map-axes.js';
import { anyMapOperand, optionalConstant } from '../import/operands.js';
import { emitPicked, type Picks } from '../import/placement.js';
import { checkLength, limit, mismatch } from '../import/refuse.js';
import type { MapTensor, MapValue, Value } from '../import/value.js';
import { axisList } from './axes.js';
import { type ImportCall, onnxOperator } from './operator.js';

const MODES = ['constant', 'reflect', 'edge', 'wrap'] as const;

export const PAD = onnxOperator('Pad', {
  inputs: [1, 4],
  attributes: {
    mode: { type: 'string', default: 'constant', only: MODES },
    pads: { type: 'ints', until: 10 },
    value: { type: 'float', default: 0, until: 10 },
  },
  import: importPad,
});

/** What is added before and behind the values of an axis; negative: cut off. */
interface AxisPads {
  readonly begin: number;
  readonly end: number;
}

function importPad(call: ImportCall): Value[] {
  const value = anyMapOperand(call, 0);
  const { shape, tensor, grid } = value;
  const pads = padsOf(call, shape.length);
  const padded = shape.flatMap((_, axis) => (pads[axis]!.begin !== 0 || pads[axis]!.end !== 0 ? [axis] : []));
  if (padded.length === 0) return [value];
  const axes = pinnedAxes(call, value, padded);
  if (axes === null || padded.some((axis) => axes[axis] === null)) {
    throw limit(call, 'only padding of channels, rows and columns is supported', {
      actual: `axes ${padded.join(', ')} of ${shape.join('x')}`,
    });
  }
  const along = (axis: 'c' | 'h' | 'w'): AxisPads => pads[axes.indexOf(axis)] ?? { begin: 0, end: 0 };
  const fill = fillOf(call, value);
  const mode = call.attributes.string('mode');
  const made =
    mode === 'constant' && fill === 0 && isAround(along('c'), along('h'), along('w'))
      ? waiting(call, tensor, along('h'), along('w'))
      : emitPicked(
          call,
          tensor,
          {
            c: picksOf(call, mode, tensor.channels, along('c')),
            h: picksOf(call, mode, tensor.height, along('h')),
            w: picksOf(call, mode, tensor.width, along('w')),
          },
          fill,
        );
  const result = valueUnder(axes, made);
  return [grid === undefined ? result : { ...result, grid }];
}

function isAround(c: AxisPads, h: AxisPads, w: AxisPads): boolean {
  return c.begin === 0 && c.end === 0 && [h.begin, h.end, w.begin, w.end].every((n) => n >= 0);
}

function waiting(call: ImportCall, tensor: MapTensor, h: AxisPads, w: AxisPads): MapTensor {
  return {
    name: call.node.outputs[0]!,
    channels: tensor.channels,
    height: extentOf(tensor, 'h') + h.begin + h.end,
    width: extentOf(tensor, 'w') + w.begin + w.end,
    vector: false,
    padding: { tensor, pads: [h.begin, w.begin, h.end, w.end], node: call.node },
  };
}

/** What is cut is cut first. Source: ONNX Pad-25, as ONNX Runtime and NumPy have it. */
function picksOf(call: ImportCall, mode: string, size: number, { begin, end }: AxisPads): Picks {
  const first = Math.max(0, -begin);
  const left = size - first - Math.max(0, -end);
  if (left < 1) throw limit(call, 'the pads cut everything off', { actual: `${begin} and ${end} of ${size}` });
  const period = mode === 'reflect' ? 2 * (left - 1) : left;
  if (mode === 'reflect' && Math.max(begin, end) >= left) {
    throw limit(call, 'pads that mirror the map must be smaller than it', {
      expected: `at most ${left - 1}`,
      actual: `${Math.max(begin, end)}`,
    });
  }
  const pick = (i: number): number | null => {
    if (i >= 0 && i < left) return first + i;
    if (mode === 'constant') return null;
    if (mode === 'edge') return first + (i < 0 ? 0 : left - 1);
    const at = ((i % period) + period) % period;
    return first + (at < left ? at : period - at);
  };
  const length = left + Math.max(0, begin) + Math.max(0, end);
  checkLength(call, length);
  return Array.from({ length }, (_, i) => pick(i - Math.max(0, begin)));
}

/** The real value that stands in the padding. */
function fillOf(call: ImportCall, { grid }: MapValue): number {
  const given = call.node.attributes.has('value')
    ? call.attributes.float('value')
    : optionalConstant(call, 2, 'the padding value')?.data[0];
  if (grid === undefined) {
    if (given === undefined || Number.isFinite(given)) return given ?? 0;
    throw limit(call, 'the padding value must be a number', { actual: `${given}` });
  }
  const { scale, zero } = grid.quantizer;
  const fills = Array.from(zero, (z, i) => scale[scale.length === 1 ? 0 : i]! * ((given ?? 0) - z));
  if (fills.every((fill) => fill === fills[0])) return Math.fround(fills[0]!);
  throw limit(call, 'codes with a zero for each channel are not padded');
}

/** For every axis of a value of this rank. */
function padsOf(call: ImportCall, rank: number): AxisPads[] {
  const pads = call.attributes.ints('pads') ?? optionalConstant(call, 1, 'the pads')?.data ?? [];
  const given = optionalConstant(call, 3, 'the axes');
  const axes = given === null ? Array.from({ length: rank }, (_, i) => i) : axisList(call, [...given.data], rank);
  if (pads.length !== 2 * axes.length || ![...pads].every(Number.isInteger)) {
    throw mismatch(call, 'pads is no whole number for each side', {
      expected: `${2 * axes.length}`,
      actual: `${pads.length}`,
    });
  }
  return Array.from({ length: rank }, (_, axis) => {
    const i = axes.indexOf(axis);
    return i < 0 ? { begin: 0, end: 0 } : { begin: pads[i]!, end: pads[i + axes.length]! };
  });
}
