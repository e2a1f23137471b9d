/** Attributes of a node: absent, doubled, of another type, with extreme values. */
import type proto from 'onnx-proto';
import type { RandomSource } from '../../src/base/random.js';
import { findOperator } from '../../src/frontend/operators/table.js';
import { mutateTensor } from './mutate-tensor.js';

type Attribute = proto.onnx.IAttributeProto;

const NUMBERS = [0, 1, 2, 3, 5, 100, -1, -2, 2 ** 20, 2 ** 31 - 1, -(2 ** 31), 2 ** 53, -(2 ** 53)];
const FLOATS = [0, -0, 1, -1, 0.5, 1e-45, 3e38, -3e38, Number.POSITIVE_INFINITY, Number.NaN];
const WORDS = ['', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID', 'FLOOR', 'ROUND', 'nearest', 'linear', 'DCR', 'edge'];
/** AttributeProto.AttributeType */
const TYPES = [1, 2, 3, 4, 5, 6, 7, 8, 0, 11, 99];

export function mutateAttributes(node: proto.onnx.INodeProto, random: RandomSource): void {
  node.attribute ??= [];
  const list = node.attribute;
  const at = random.integer(0, Math.max(0, list.length - 1));
  const attribute = list[at];
  const kind = random.integer(0, 4);
  if (kind === 0) list.splice(at, 1);
  else if (kind === 1 || attribute === undefined) list.push(added(node, random));
  else if (kind === 2) attribute.type = some(TYPES, random);
  else changeValue(attribute, random);
}

/** One that the operator knows, most of the time. */
function added(node: proto.onnx.INodeProto, random: RandomSource): Attribute {
  const known = Object.entries(findOperator(node.domain ?? '', node.opType ?? '')?.attributes ?? {});
  const [name, spec] = known[random.integer(0, known.length)] ?? ['no such attribute', { type: 'int' }];
  const type = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 }[spec.type as string] ?? 2;
  const attribute: Attribute = { name, type };
  changeValue(attribute, random);
  return attribute;
}

function changeValue(attribute: Attribute, random: RandomSource): void {
  switch (Number(attribute.type)) {
    case 1:
      attribute.f = some(FLOATS, random);
      return;
    case 3:
      attribute.s = new TextEncoder().encode(some(WORDS, random));
      return;
    case 4:
      attribute.t ??= { dims: [1], dataType: 1, floatData: [1] };
      mutateTensor(attribute.t, random);
      return;
    case 6:
      attribute.floats = changed(attribute.floats ?? [], FLOATS, random);
      return;
    case 7:
      attribute.ints = changed((attribute.ints ?? []).map(Number), NUMBERS, random);
      return;
    default:
      attribute.i = some(NUMBERS, random);
  }
}

function changed(values: readonly number[], pool: readonly number[], random: RandomSource): number[] {
  const result = [...values];
  const at = random.integer(0, result.length);
  result.splice(at, random.integer(0, 1), ...(random.integer(0, 2) === 0 ? [] : [some(pool, random)]));
  return result;
}

function some<T>(items: readonly T[], random: RandomSource): T {
  return items[random.integer(0, items.length - 1)]!;
}
