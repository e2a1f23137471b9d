/** Functions of single values, as tables or sums of the array. Behind the last layer those that the host knows are its. */
import type { PointwiseFunction } from '../graph.js';
import { hostImporter } from '../host/table.js';
import { emitPointwise } from '../import/emit-join.js';
import { floatOperand, mapOperand } from '../import/operands.js';
import { perChannel, shapeWith } from '../import/per-channel.js';
import { limit, placeOf } from '../import/refuse.js';
import { isFollowed, isProbed, reserve } from '../import/state.js';
import type { MapValue } from '../import/value.js';
import { evaluatePointwise } from '../pointwise.js';
import { type Attributes, type ImportCall, type Operator, onnxOperator } from './operator.js';

interface Parameters {
  readonly alpha?: number;
  readonly beta?: number;
}

function pointwise(
  name: string,
  fn: PointwiseFunction,
  attributes: Operator['attributes'] = {},
  parameters: (given: Attributes) => Parameters = () => ({}),
): Operator {
  return onnxOperator(name, {
    inputs: [1, 1],
    attributes,
    fold: (call) => {
      const [x] = call.inputs;
      if (x?.type !== 'float') throw limit(call, 'only of floating-point numbers');
      call.reserve(x.data.byteLength);
      const chosen = { fn, alpha: 0, beta: 0, ...parameters(call.attributes) };
      return { type: 'float', shape: x.shape, data: x.data.map((v) => evaluatePointwise(chosen, 0, v)) };
    },
    import: (call) => {
      const byHost = isFollowed(call) ? undefined : hostImporter(call);
      if (byHost !== undefined) return byHost(call);
      return [emitPointwise(call, mapOperand(call, 0), { fn, ...parameters(call.attributes) })];
    },
  });
}

const withAlpha = (value: number): Operator['attributes'] => ({ alpha: { type: 'float', default: value } });
const alphaOf = (given: Attributes): Parameters => ({ alpha: given.float('alpha') });
const bothOf = (given: Attributes): Parameters => ({ alpha: given.float('alpha'), beta: given.float('beta') });

/** One slope for each channel: the slopes are broadcast to the tensor. */
const P_RELU = onnxOperator('PRelu', {
  inputs: [2, 2],
  attributes: {},
  import: (call) => [importPRelu(call)],
});

function importPRelu(call: ImportCall): MapValue {
  const value = mapOperand(call, 0);
  const slope = floatOperand(call, 1, 'the slopes');
  const shape = shapeWith(call, value, slope);
  if (isProbed(call.state, value.tensor)) return value;
  if (slope.data.length === 1) return emitPointwise(call, value, { fn: 'leakyrelu', alpha: slope.data[0]! });
  reserve(call.state, value.tensor.channels * Float32Array.BYTES_PER_ELEMENT, placeOf(call.node));
  return emitPointwise(call, value, { fn: 'prelu', slopes: perChannel(call, value, shape, slope) });
}

const SELU = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 };
export const LEAKY_RELU = pointwise('LeakyRelu', 'leakyrelu', withAlpha(0.01), alphaOf);
const GELU = pointwise(
  'Gelu',
  'gelu',
  { approximate: { type: 'string', default: 'none', only: ['none', 'tanh'] } },
  (given) => ({ alpha: given.string('approximate') === 'tanh' ? 1 : 0 }),
);
const microsoft = (operator: Operator): Operator => ({
  ...operator,
  ...{ domain: 'com.microsoft', opsets: [1, 1], unversioned: true },
});

export const POINTWISE: readonly Operator[] = [
  pointwise('Abs', 'abs'),
  pointwise('Celu', 'celu', withAlpha(1), alphaOf),
  pointwise('Elu', 'elu', withAlpha(1), alphaOf),
  GELU,
  pointwise('HardSigmoid', 'hardsigmoid', { ...withAlpha(0.2), beta: { type: 'float', default: 0.5 } }, bothOf),
  pointwise('HardSwish', 'hardswish'),
  LEAKY_RELU,
  pointwise('Mish', 'mish'),
  P_RELU,
  pointwise('Selu', 'selu', { ...withAlpha(SELU.alpha), gamma: { type: 'float', default: SELU.gamma } }, (given) => ({
    alpha: given.float('alpha'),
    beta: given.float('gamma'),
  })),
  pointwise('Sign', 'sign'),
  pointwise('Softplus', 'softplus'),
  pointwise('Softsign', 'softsign'),
  pointwise('Swish', 'silu', withAlpha(1), alphaOf),
  pointwise('Tanh', 'tanh'),
  microsoft(pointwise('Gelu', 'gelu')),
  microsoft(pointwise('FastGelu', 'gelu', {}, () => ({ alpha: 1 }))),
  microsoft(pointwise('QuickGelu', 'silu', withAlpha(1.702), alphaOf)),
];
