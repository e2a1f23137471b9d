/** One node: its value where all inputs are constants, else what its importer makes of it. */
import { LIMITS } from '../onnx/limits.js';
import type { OnnxNode } from '../onnx/model.js';
import type { NumericTensor, Operator } from '../operators/operator.js';
import { computed } from './array-or-host.js';
import { attributesOf } from './attributes.js';
import { limit, placeOf } from './refuse.js';
import { type ImportState, reserve } from './state.js';
import { UNKNOWN, type Value } from './value.js';

/** A node whose operator and attributes are known to be supported. */
export interface Step {
  readonly node: OnnxNode;
  readonly operator: Operator;
  readonly opset: number;
}

/** The values of the node's outputs. @throws SystoleError what keeps it from being imported */
export function evaluate(step: Step, values: ReadonlyMap<string, Value>, state: ImportState): readonly Value[] {
  const { node, operator, opset } = step;
  const inputs = node.inputs.map((name) => (name === '' ? null : (values.get(name) ?? UNKNOWN)));
  if (inputs.some((value) => value?.kind === 'unknown')) return node.outputs.map(() => UNKNOWN);
  const attributes = attributesOf(operator, node);
  if (inputs.some((value) => value !== null && value.kind !== 'constant')) {
    const made = computed({ node, opset, attributes, inputs, state }, operator);
    for (const value of made) if (value.kind === 'map' || value.kind === 'host') checkRank(step, value.shape);
    return made;
  }
  if (operator.fold === undefined) {
    throw limit(step, `${node.operator} of constants alone is not supported`, {
      hint: 'let the exporter fold constants: onnxruntime or onnxsim do',
    });
  }
  const constants = inputs.map((value): NumericTensor | null => {
    if (value?.kind !== 'constant') return null;
    if (value.tensor.type !== 'other') return value.tensor;
    throw limit(step, 'a constant of this type is not read', { actual: `${value.name}: ${value.tensor.what}` });
  });
  const folded = operator.fold({
    node,
    opset,
    attributes,
    inputs: constants,
    reserve: (bytes) => reserve(state, bytes, placeOf(node)),
  });
  const tensors = 'type' in folded ? [folded] : folded;
  return tensors.map((tensor, i) => {
    checkRank(step, tensor.shape);
    return { kind: 'constant', name: node.outputs[i] ?? '', tensor };
  });
}

function checkRank(step: Step, shape: readonly number[]): void {
  if (shape.length <= LIMITS.rank) return;
  throw limit(step, 'a tensor has more axes than are allowed', {
    expected: `at most ${LIMITS.rank}`,
    actual: `${shape.length}`,
  });
}
