/** What passes its input on. */

import { foldCast } from '../fold/cast.js';
import { emitQuant } from '../import/emit.js';
import { mapOperand, optionalConstant } from '../import/operands.js';
import { limit, placeOf } from '../import/refuse.js';
import { regridded } from '../import/regrid.js';
import { isFollowed, reserve } from '../import/state.js';
import { elementsOf, type Grid, type MapValue, type Value } from '../import/value.js';
import { INT32, rangeOfType } from '../onnx/integers.js';
import { elementTypeName, isFloatType } from '../onnx/tensor.js';
import { type ImportCall, onnxOperator } from './operator.js';

export const IDENTITY = onnxOperator('Identity', {
  inputs: [1, 1],
  attributes: {},
  fold: (call) => call.inputs[0]!,
  import: (call) => [call.inputs[0]!],
});

export const DROPOUT = onnxOperator('Dropout', {
  inputs: [1, 3],
  attributes: { ratio: { type: 'ignored', until: 11 }, seed: { type: 'ignored' } },
  import: importDropout,
});

/** TensorProto.DataType */
const BOOL = 9;

/** Nothing is dropped: the mask is true everywhere. */
function importDropout(call: ImportCall): Value[] {
  const training = optionalConstant(call, 2, 'training_mode');
  if (training?.data.some((flag) => flag !== 0)) {
    throw limit(call, 'Dropout in training mode is not supported', { hint: 'export the model in evaluation mode' });
  }
  const value = call.inputs[0]!;
  const name = call.node.outputs[1] ?? '';
  const shape = value.kind === 'map' || value.kind === 'host' ? value.shape : null;
  if (name === '' || shape === null) return [value];
  const elements = elementsOf(shape);
  reserve(call.state, elements * Float64Array.BYTES_PER_ELEMENT, placeOf(call.node));
  const tensor = { type: 'int', shape, data: new Float64Array(elements).fill(1), elementType: BOOL } as const;
  return [value, { kind: 'constant', name, tensor }];
}

/** Between floating-point types nothing changes: the graph computes in float32. Codes become numbers, numbers codes. */
export const CAST = onnxOperator('Cast', {
  inputs: [1, 1],
  attributes: { to: { type: 'int', required: true }, saturate: { type: 'ignored' }, round_mode: { type: 'ignored' } },
  fold: foldCast,
  import: (call) => {
    const to = call.attributes.int('to');
    const value = call.inputs[0]!;
    if (!isFloatType(to)) return [wholeNumbers(call, value, to)];
    return [value.kind === 'map' && value.grid !== undefined ? numbersOf(call, value, value.grid) : value];
  },
});

/** Cut towards zero, in front of a layer; codes stay what they are in a type that holds them. */
function wholeNumbers(call: ImportCall, value: Value, to: number): MapValue {
  const range = rangeOfType(to);
  const grid = value.kind === 'map' ? value.grid : undefined;
  if (value.kind === 'map' && grid !== undefined) {
    const { lo, hi } = grid.quantizer;
    const fits = to === INT32 || (range !== null && range[0] <= lo && hi <= range[1]);
    if (fits) return { ...value, grid: { ...grid, elementType: to } };
  }
  if (range === null || grid !== undefined || value.kind !== 'map' || !isFollowed(call)) {
    throw limit(call, 'a computed tensor becomes integers', {
      expected: 'a floating-point type, or integers of up to 16 bits that hold the codes',
      actual: elementTypeName(to),
    });
  }
  const unit = { scale: Float32Array.of(1), zero: Float32Array.of(0) };
  const [lo, hi] = range;
  const quantizer = { kind: 'uniform', ...unit, lo, hi, round: 'to-zero', zeroInside: false } as const;
  return { ...emitQuant(call, mapOperand(call, 0), quantizer), grid: { quantizer, elementType: to } };
}

function numbersOf(call: ImportCall, value: MapValue, { quantizer, unmade }: Grid): MapValue {
  const { grid: _, ...numbers } = value;
  const isOne = [...quantizer.scale].every((s) => s === 1) && [...quantizer.zero].every((z) => z === 0);
  return unmade || isOne ? numbers : regridded(call, value, 1, 0);
}
