/** What passes its input on. */

import { foldCast } from '../fold/cast.js';
import { optionalConstant } from '../import/operands.js';
import { limit, placeOf } from '../import/refuse.js';
import { regridded } from '../import/regrid.js';
import { reserve } from '../import/state.js';
import { elementsOf, type Grid, type MapValue, type Value } from '../import/value.js';
import { isFloatType } from '../onnx/tensor.js';
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

/** Between floating-point types nothing changes: the graph computes in float32. Codes become numbers. */
export const CAST = onnxOperator('Cast', {
  inputs: [1, 1],
  attributes: { to: { type: 'int', required: true }, saturate: { type: 'ignored' }, round_mode: { type: 'ignored' } },
  fold: foldCast,
  import: (call) => {
    if (!isFloatType(call.attributes.int('to'))) {
      throw limit(call, 'a computed tensor becomes integers', {
        hint: 'only casts between floating-point types vanish',
      });
    }
    const value = call.inputs[0]!;
    return [value.kind === 'map' && value.grid !== undefined ? numbersOf(call, value, value.grid) : value];
  },
});

function numbersOf(call: ImportCall, value: MapValue, { quantizer, unmade }: Grid): MapValue {
  const { grid: _, ...numbers } = value;
  const isOne = [...quantizer.scale].every((s) => s === 1) && [...quantizer.zero].every((z) => z === 0);
  return unmade || isOne ? numbers : regridded(call, value, 1, 0);
}
