/** What can be said of a node before any shape is known: its operator, its version, its attributes. */
import type { SystoleError } from '../../base/error.js';
import type { OnnxModel, OnnxNode } from '../onnx/model.js';
import type { Operator } from '../operators/operator.js';
import { rewriteHint } from '../operators/rewrites.js';
import { findOperator } from '../operators/table.js';
import { attributeFault } from './attributes.js';
import { refusal } from './refuse.js';

export type Checked =
  | { readonly operator: Operator; readonly opset: number; readonly fault: null }
  | { readonly fault: SystoleError };

export function checkNode(model: OnnxModel, node: OnnxNode): Checked {
  const operator = findOperator(node.domain, node.operator);
  if (operator === undefined) {
    const name = node.domain === '' ? node.operator : `${node.domain}.${node.operator}`;
    return { fault: refusal('operator-unknown', node, `${name} is not supported`, { hint: rewriteHint(node) }) };
  }
  const opset = model.opsets.get(node.domain) ?? (operator.unversioned ? operator.opsets[1] : undefined);
  if (opset === undefined) {
    return {
      fault: refusal('graph-invalid', node, 'the model does not say which operator set its operators are of', {
        expected: 'an opset_import for the domain',
      }),
    };
  }
  const [from, to] = operator.opsets;
  if (opset < from || opset > to) {
    return {
      fault: refusal('operator-limit', node, `${node.operator} of this operator set is not supported`, {
        expected: `operator set ${from} to ${to}`,
        actual: `${opset}`,
        hint: `convert the model: onnx.version_converter.convert_version(model, ${opset < from ? 13 : to})`,
      }),
    };
  }
  const [fewest, most] = operator.inputs;
  if (
    node.inputs.length < fewest ||
    node.inputs.length > most ||
    (fewest > 0 && node.inputs[0] === '') ||
    node.outputs[0] === undefined ||
    node.outputs[0] === ''
  ) {
    return {
      fault: refusal('graph-invalid', node, `${node.operator} has a wrong number of inputs or outputs`, {
        expected: fewest === most ? `${fewest} inputs` : `${fewest} to ${most} inputs`,
        actual: `${node.inputs.length} inputs, ${node.outputs.length} outputs`,
      }),
    };
  }
  const fault = attributeFault(operator, node, opset);
  return fault === null ? { operator, opset, fault } : { fault };
}
