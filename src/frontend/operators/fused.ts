/** Operators into which ONNX Runtime fuses what stands behind a layer: models that it has optimized have them. */
import { foldTranspose } from '../fold/layout.js';
import type { Link } from '../import/chain.js';
import { chained } from '../import/chain.js';
import { emitAffine } from '../import/emit.js';
import { emitJoin, emitPointwise } from '../import/emit-join.js';
import { mapOperand } from '../import/operands.js';
import { permuted } from '../import/permute.js';
import { limit, placeOf } from '../import/refuse.js';
import { reserve } from '../import/state.js';
import type { MapValue, Value } from '../import/value.js';
import { CONV_ATTRIBUTES, importConv } from './conv.js';
import { GEMM, importGemm, importMatMul } from './matrix.js';
import type { ImportCall, Operator } from './operator.js';
import { MICROSOFT } from './quantize.js';

/** An old operator set in which every operator has its attributes. */
const REAL_OPSET = 13;

/** A parameter that a node leaves out is undefined. */
type Parameters = readonly (number | undefined)[];
type Activation = (parameters: Parameters) => Link;

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  Relu: () => (call, value) => emitAffine(call, value, null, null, { min: 0, max: null }),
  Clip:
    ([min = 0, max = 6]) =>
    (call, value) =>
      emitAffine(call, value, null, null, { min, max }),
  LeakyRelu:
    ([alpha = 0.01]) =>
    (call, value) =>
      emitPointwise(call, value, { fn: 'leakyrelu', alpha }),
  HardSigmoid:
    ([alpha = 0.2, beta = 0.5]) =>
    (call, value) =>
      emitPointwise(call, value, { fn: 'hardsigmoid', alpha, beta }),
  Sigmoid: () => (call, value) => emitPointwise(call, value, { fn: 'sigmoid' }),
  Tanh: () => (call, value) => emitPointwise(call, value, { fn: 'tanh' }),
};

/** The link for the activation that a node names; none for none. */
function activation(call: ImportCall, parameters: Parameters): Link[] {
  if (!call.attributes.has('activation') || call.attributes.string('activation') === '') return [];
  const name = call.attributes.string('activation');
  const found = ACTIVATIONS[name];
  if (found !== undefined) return [found(parameters)];
  throw limit(call, 'the activation is not known', { expected: Object.keys(ACTIVATIONS).join(', '), actual: name });
}

/** What `real` makes, and the links behind it. */
function layer(
  call: ImportCall,
  real: (call: ImportCall) => readonly Value[],
  inputs: readonly (Value | null)[],
  links: readonly Link[],
): MapValue {
  const first: Link = (part) => real({ ...part, opset: REAL_OPSET, inputs })[0] as MapValue;
  // What it starts with is among the inputs that `real` reads.
  return chained(call, call.inputs[0] as MapValue, [first, ...links], 'fused');
}

/** X, W, B, and a tensor that is added before the activation. */
function importFusedConv(call: ImportCall): MapValue {
  const [x = null, w = null, b = null, z = null] = call.inputs;
  const inputs = b === null ? [x, w] : [x, w, b];
  const sum: Link[] = z === null ? [] : [(part, value) => emitJoin(part, 'add', value, mapOperand(call, 3))];
  return layer(call, importConv, inputs, [
    ...sum,
    ...activation(call, call.attributes.floats('activation_params') ?? []),
  ]);
}

const GEMM_PARAMETERS = ['activation_alpha', 'activation_beta', 'activation_gamma'];

function importFusedGemm(call: ImportCall): MapValue {
  const given = GEMM_PARAMETERS.map((name) => (call.attributes.has(name) ? call.attributes.float(name) : undefined));
  return layer(call, importGemm, call.inputs, activation(call, given));
}

/** alpha * A B, of which either may be transposed. */
function importFusedMatMul(call: ImportCall): MapValue {
  const alpha = { shape: [], data: Float32Array.of(call.attributes.float('alpha')) };
  const inputs = call.inputs.map((value, i) => {
    return call.attributes.int(i === 0 ? 'transA' : 'transB') === 1 ? turned(call, value) : value;
  });
  const scaled: Link[] = alpha.data[0] === 1 ? [] : [(part, value) => emitAffine(part, value, alpha, null)];
  const links: Link[] = [(part) => importMatMul({ ...part, inputs })[0] as MapValue, ...scaled];
  return chained(call, call.inputs[0] as MapValue, links, 'fused');
}

/** The last two axes change places. */
function turned(call: ImportCall, value: Value | null): Value | null {
  const shape = value?.kind === 'map' ? value.shape : value?.kind === 'constant' ? value.tensor.shape : [];
  const rank = shape.length;
  if (rank < 2) throw limit(call, 'only matrices are transposed', { actual: shape.join('x') });
  const permutation = [...new Array(rank - 2).keys(), rank - 1, rank - 2];
  if (value?.kind === 'map') return permuted(call, value, permutation);
  if (value?.kind !== 'constant' || value.tensor.type === 'other') return value;
  const count = (bytes: number): void => reserve(call.state, bytes, placeOf(call.node));
  return { ...value, tensor: foldTranspose({ ...call, inputs: [value.tensor], reserve: count }, permutation) };
}

const fused = (
  name: string,
  inputs: Operator['inputs'],
  attributes: Operator['attributes'],
  importer: (call: ImportCall) => MapValue,
): Operator => ({
  ...{ name, domain: MICROSOFT, opsets: [1, 1], unversioned: true, inputs, attributes },
  import: (call) => [importer(call)],
});

const flag = { type: 'int', default: 0, only: [0, 1] } as const;
const never = { type: 'int', default: 0, only: [0] } as const;

export const FUSED: readonly Operator[] = [
  fused(
    'FusedConv',
    [2, 4],
    { ...CONV_ATTRIBUTES, activation: { type: 'string' }, activation_params: { type: 'floats' } },
    importFusedConv,
  ),
  fused(
    'FusedGemm',
    [2, 3],
    {
      ...GEMM.attributes,
      activation: { type: 'string' },
      ...Object.fromEntries(GEMM_PARAMETERS.map((name) => [name, { type: 'float' }] as const)),
    },
    importFusedGemm,
  ),
  fused(
    'FusedMatMul',
    [2, 2],
    {
      ...{ alpha: { type: 'float', default: 1 }, transA: flag, transB: flag },
      ...{ transBatchA: never, transBatchB: never },
    },
    importFusedMatMul,
  ),
];
