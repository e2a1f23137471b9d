/**
 * Who computes a node. What the host has made stays with the host; what the array can do is the array's, and what it
 * cannot, the host's where nothing behind it needs the array again.
 */
import { SystoleError } from '../../base/error.js';
import type { HostImporter } from '../host/elementwise.js';
import { hostImporter } from '../host/table.js';
import type { ImportCall, Operator } from '../operators/operator.js';
import { rewriteHint } from '../operators/rewrites.js';
import { limit } from './refuse.js';
import { isFollowed } from './state.js';
import type { Value } from './value.js';

/** @throws SystoleError of the array, where the host does not know the node either, or the array must have its result */
export function computed(call: ImportCall, operator: Operator): readonly Value[] {
  const byHost = hostImporter(call);
  const onHost = call.inputs.some((value) => value?.kind === 'host');
  if (onHost && byHost !== undefined) return byHost(call);
  if (operator.import === undefined) {
    if (byHost !== undefined && !isFollowed(call)) return byHost(call);
    throw byHost === undefined ? notComputed(call) : inTheMiddle(call);
  }
  if (byHost === undefined || isFollowed(call)) return operator.import(call);
  try {
    return operator.import(call);
  } catch (error) {
    if (!(error instanceof SystoleError)) throw error;
    if (error.code !== 'operator-limit' && error.code !== 'shape-mismatch') throw error;
    return hostInstead(call, byHost, error);
  }
}

function hostInstead(call: ImportCall, byHost: HostImporter, error: SystoleError) {
  try {
    forget(call);
    const made = byHost(call);
    call.state.leftToHost.push(error);
    return made;
  } catch (other) {
    throw other instanceof SystoleError ? error : other;
  }
}

/** Outputs that the array had been given before it turned out that it cannot make all of them. */
function forget({ node, state: { nodes } }: ImportCall): void {
  const kept = nodes.filter(({ output }) => !node.outputs.includes(output));
  nodes.splice(0, nodes.length, ...kept);
}

function notComputed(call: ImportCall): SystoleError {
  return limit(call, `${call.node.operator} of a computed tensor is not supported`, { hint: rewriteHint(call.node) });
}

function inTheMiddle(call: ImportCall): SystoleError {
  return limit(call, `only the host computes ${call.node.operator}, and something behind it is the array's`, {
    expected: 'nothing but operators of the host behind it',
    hint: "cut the model before it, or leave out what follows: Conv, Gemm, MatMul and pools are the array's",
  });
}
