/** Refusals that name the node of the user's model. */
import { type ErrorCode, SystoleError } from '../../base/error.js';
import type { OnnxNode } from '../onnx/model.js';

export interface Detail {
  readonly expected?: string;
  readonly actual?: string;
  readonly hint?: string;
}

export function placeOf(node: OnnxNode): string {
  return `node ${node.name} (${node.domain === '' ? '' : `${node.domain}.`}${node.operator})`;
}

/** A node, or the call for one, under another name where it is a part of it. */
interface Place {
  readonly node: OnnxNode;
  readonly source?: string;
}

export function refusal(code: ErrorCode, node: OnnxNode, message: string, detail: Detail = {}): SystoleError {
  return new SystoleError(code, message, { where: placeOf(node), ...detail });
}

/** Supported, but not so. */
export function limit(call: Place, message: string, detail: Detail = {}): SystoleError {
  return refusal('operator-limit', sourceOf(call), message, detail);
}

export function mismatch(call: Place, message: string, detail: Detail = {}): SystoleError {
  return refusal('shape-mismatch', sourceOf(call), message, detail);
}

function sourceOf({ node, source = node.name }: Place): OnnxNode {
  return { ...node, name: source };
}

/** Of a map's axis that is taken index by index. */
const MOST_INDICES = 2 ** 20;

/** @throws SystoleError onnx-too-large for an axis longer than any map's */
export function checkLength(call: { readonly node: OnnxNode }, length: number): void {
  if (length <= MOST_INDICES) return;
  throw refusal('onnx-too-large', call.node, 'an axis is longer than is allowed', {
    expected: `at most ${MOST_INDICES}`,
    actual: `${length}`,
  });
}
