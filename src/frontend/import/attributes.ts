/** A node's attributes against its operator's: an unknown one, or one with another value than is supported, is refused by name. */
import type { SystoleError } from '../../base/error.js';
import type { AttributeValue, OnnxNode } from '../onnx/model.js';
import type { AttributeSpec, Attributes, Operator } from '../operators/operator.js';
import { refusal } from './refuse.js';

/** The first fault, or null. */
export function attributeFault(operator: Operator, node: OnnxNode, opset: number): SystoleError | null {
  for (const [name, value] of node.attributes) {
    const spec = operator.attributes[name];
    if (spec === undefined || (spec.until !== undefined && opset > spec.until)) {
      return refusal('operator-limit', node, `${node.operator} has an attribute that is not known: ${name}`, {
        expected: Object.keys(operator.attributes).join(', ') || 'no attributes',
        actual: name,
        ...(spec?.until === undefined ? {} : { hint: `operator set ${opset} has an input in place of ${name}` }),
      });
    }
    const fault = valueFault(name, spec, value, node);
    if (fault !== null) return fault;
  }
  const missing = Object.keys(operator.attributes).find(
    (name) => operator.attributes[name]!.required && !node.attributes.has(name),
  );
  if (missing === undefined) return null;
  return refusal('graph-invalid', node, `${node.operator} lacks its attribute ${missing}`);
}

function valueFault(name: string, spec: AttributeSpec, value: AttributeValue, node: OnnxNode): SystoleError | null {
  if (spec.type === 'ignored') return null;
  // A list that is empty carries no type in older files.
  const empty = value.type === 'int' && value.value === 0 && spec.type === 'ints';
  if (value.type !== spec.type && !empty) {
    return refusal('graph-invalid', node, `the attribute ${name} has another type`, {
      expected: spec.type,
      actual: value.type,
    });
  }
  if (spec.type !== 'int' && spec.type !== 'string') return null;
  const only = spec.only as readonly (number | string)[] | undefined;
  if (only === undefined || only.includes(value.value as number | string)) return null;
  return refusal('operator-limit', node, `the attribute ${name} has a value that is not supported`, {
    expected: `${name} = ${only.join(', ')}`,
    actual: `${name} = ${value.value}`,
  });
}

/** For a node without fault. */
export function attributesOf(operator: Operator, node: OnnxNode): Attributes {
  const value = (name: string): AttributeValue['value'] | undefined => node.attributes.get(name)?.value;
  const fallback = (name: string): unknown => (operator.attributes[name] as { default?: unknown }).default;
  const list = (name: string): readonly number[] | null => {
    const found = value(name);
    return Array.isArray(found) ? found : null;
  };
  return {
    has: (name) => node.attributes.has(name),
    int: (name) => (value(name) ?? fallback(name)) as number,
    float: (name) => (value(name) ?? fallback(name)) as number,
    string: (name) => (value(name) ?? fallback(name)) as string,
    ints: list,
    floats: list,
    tensor: (name) => {
      const found = node.attributes.get(name);
      return found?.type === 'tensor' ? found.value : null;
    },
  };
}
