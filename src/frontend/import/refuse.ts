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

export function refusal(code: ErrorCode, node: OnnxNode, message: string, detail: Detail = {}): SystoleError {
  return new SystoleError(code, message, { where: placeOf(node), ...detail });
}

/** Supported, but not so. */
export function limit(call: { readonly node: OnnxNode }, message: string, detail: Detail = {}): SystoleError {
  return refusal('operator-limit', call.node, message, detail);
}

export function mismatch(call: { readonly node: OnnxNode }, message: string, detail: Detail = {}): SystoleError {
  return refusal('shape-mismatch', call.node, message, detail);
}
