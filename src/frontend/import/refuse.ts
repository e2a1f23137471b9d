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
