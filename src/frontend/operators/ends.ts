/** Softmax, Sigmoid and ArgMax: the host does them at the end of the network. A Sigmoid before a layer is the array's. */

import { best, softmax } from '../host/lines.js';
import { computedInput } from '../host/operand.js';
import { emitPointwise } from '../import/emit-join.js';
import { hostResult } from '../import/host.js';
import { mapOperand } from '../import/operands.js';
import { isFollowed } from '../import/state.js';
import { onnxOperator } from './operator.js';

export const SOFTMAX = onnxOperator('Softmax', {
  inputs: [1, 1],
  attributes: { axis: { type: 'int' } },
  import: softmax('softmax'),
});

export const ARG_MAX = onnxOperator('ArgMax', {
  inputs: [1, 1],
  attributes: {
    axis: { type: 'int', default: 0 },
    keepdims: { type: 'int', default: 1, only: [0, 1] },
    select_last_index: { type: 'int', default: 0, only: [0, 1] },
  },
  import: best('argmax'),
});

export const SIGMOID = onnxOperator('Sigmoid', {
  inputs: [1, 1],
  attributes: {},
  import: (call) => {
    if (call.inputs[0]?.kind === 'map' && isFollowed(call))
      return [emitPointwise(call, mapOperand(call, 0), { fn: 'sigmoid' })];
    const value = computedInput(call, 0);
    return [hostResult(call, { kind: 'unary', fn: 'sigmoid' }, [value], value.shape)];
  },
});
