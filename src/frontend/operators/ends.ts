/** Softmax, Sigmoid and ArgMax: the host does them at the end of the network. A Sigmoid before a layer is the array's. */

import { best } from '../host/lines.js';
import { emitPointwise } from '../import/emit-join.js';
import { hostResult, hostStep, hostValue } from '../import/host.js';
import { keepImages } from '../import/images.js';
import { mapOperand, notReal } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import { isFollowed, unusedName } from '../import/state.js';
import type { HostValue, Value } from '../import/value.js';
import { elementsOf } from '../import/value.js';
import { oneAxis } from './axes.js';
import { type ImportCall, onnxOperator } from './operator.js';

/** Before operator set 13 the axes from `axis` on were taken together. */
const ONE_AXIS = 13;

export const SOFTMAX = onnxOperator('Softmax', {
  inputs: [1, 1],
  attributes: { axis: { type: 'int' } },
  import: importSoftmax,
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
    const value = hostOperand(call);
    return [hostResult(call, { kind: 'unary', fn: 'sigmoid' }, [value], value.shape)];
  },
});

function hostOperand(call: ImportCall): HostValue {
  const value = call.inputs[0];
  if ((value?.kind === 'host' || value?.kind === 'map') && value.grid !== undefined) throw notReal(call, 0);
  if (value?.kind === 'host') return value;
  if (value?.kind === 'map') return hostValue(call.state, value, call.node.name);
  throw limit(call, `${call.node.operator} of a constant is not supported`);
}

function importSoftmax(call: ImportCall): Value[] {
  const value = hostOperand(call);
  const { shape } = value;
  const together = call.opset < ONE_AXIS;
  const given = call.attributes.has('axis') ? call.attributes.int('axis') : together ? 1 : -1;
  const axis = together && given === shape.length ? given : oneAxis(call, given, shape.length);
  keepImages(call, shape, [axis]);
  const inner = elementsOf(shape.slice(axis));
  if (!together || inner === shape[axis]) return [hostResult(call, { kind: 'softmax', axis }, [value], shape)];
  const source = call.node.name;
  const part = (suffix: string) => ({ name: unusedName(call.state, `${call.node.outputs[0]!}.${suffix}`), source });
  const flat = [elementsOf(shape) / inner, inner];
  const lines = hostStep(call.state, { kind: 'reshape' }, [value], flat, part('lines'));
  const shares = hostStep(call.state, { kind: 'softmax', axis: 1 }, [lines], flat, part('shares'));
  return [hostResult(call, { kind: 'reshape' }, [shares], shape)];
}
