/** Where the array ends and the host goes on. */
import type { Shape } from '../graph.js';
import type { HostOp, HostOperand } from '../host-step.js';
import type { ImportCall } from '../operators/operator.js';
import { inNaturalOrder } from './layout.js';
import { realized } from './realized.js';
import { type ImportState, unusedName } from './state.js';
import { type HostValue, type MapValue, shapeOf } from './value.js';

/** The value as the host sees it: the tensor's own order, then what leads to the value's. */
export function hostValue(state: ImportState, value: MapValue, source: string): HostValue {
  const known = state.hostViews.get(value);
  if (known !== undefined) return known;
  const { shape } = value;
  const tensor = realized(state, value.tensor);
  let now: HostValue = { kind: 'host', shape: shapeOf(tensor), name: tensor.name };
  const step = (op: HostOp, to: Shape): void => {
    if (op.kind === 'reshape' && to.join() === now.shape.join()) return;
    now = hostStep(state, op, [now], to, { name: unusedName(state, `${tensor.name}.host`), source });
  };
  const natural = inNaturalOrder(value.atoms);
  const permutation = value.atoms.map((atom) => natural.indexOf(atom));
  if (permutation.some((from, to) => from !== to)) {
    step(
      { kind: 'reshape' },
      natural.map((atom) => atom.size),
    );
    step(
      { kind: 'transpose', permutation },
      value.atoms.map((atom) => atom.size),
    );
  }
  step({ kind: 'reshape' }, shape);
  const made = { ...now, ...(value.grid === undefined ? {} : { grid: value.grid }) };
  state.hostViews.set(value, made);
  return made;
}

/** What a step of the host reads. */
export type HostInput = HostValue | { readonly kind: 'constant'; readonly shape: Shape; readonly data: Float32Array };

export function hostOperand(input: HostInput): HostOperand {
  return input.kind === 'host' ? input.name : { constant: { shape: input.shape, data: input.data } };
}

/** One more step of the host, with one output. */
export function hostStep(
  state: ImportState,
  op: HostOp,
  inputs: readonly HostInput[],
  shape: Shape,
  { name, source }: { readonly name: string; readonly source: string },
): HostValue {
  state.host.push({ op, inputs: inputs.map(hostOperand), outputs: [{ name, shape }], source });
  return { kind: 'host', shape, name };
}

/** The node's first output, made by the host; a grid of the first operand goes on where only places change. */
export function hostResult(call: ImportCall, op: HostOp, inputs: readonly HostInput[], shape: Shape): HostValue {
  const name = unusedResult(call);
  const made = hostStep(call.state, op, inputs, shape, { name, source: call.source ?? call.node.name });
  const [first] = inputs;
  const grid = (op.kind === 'reshape' || op.kind === 'transpose') && first?.kind === 'host' ? first.grid : undefined;
  return grid === undefined ? made : { ...made, grid };
}

/** The name of the node's output; another one where a step of the same node has it already. */
function unusedResult({ node, state }: ImportCall): string {
  const name = node.outputs[0]!;
  const isMade = state.host.some(({ outputs }) => outputs.some((output) => output.name === name));
  return isMade ? unusedName(state, name) : name;
}

/** The operator because of which the host makes the value; undefined where only places change. */
export function hostSource(state: ImportState, { name }: HostValue): string | undefined {
  const step = state.host.find(({ outputs }) => outputs.some((output) => output.name === name));
  if (step === undefined) return undefined;
  if (step.op.kind !== 'reshape' && step.op.kind !== 'transpose') return step.source;
  const [from] = step.inputs;
  return typeof from === 'string' ? hostSource(state, { kind: 'host', shape: [], name: from }) : undefined;
}

/** The ONNX type of a value whose model does not say it: indices are integers. */
export function madeType(state: ImportState, { name }: HostValue): 'int64' | 'float32' {
  const step = state.host.find(({ outputs }) => outputs.some((output) => output.name === name));
  // An index counted from the other end.
  if (step?.op.kind === 'binary' && step.op.fn === 'sub' && step.outputs[0]?.name === name) {
    const [from, index] = step.inputs;
    const counted = typeof from !== 'string' && from?.constant.data.every(Number.isInteger) === true;
    return counted && typeof index === 'string' ? madeType(state, { kind: 'host', shape: [], name: index }) : 'float32';
  }
  const isIndex = step?.op.kind === 'argmax' || step?.op.kind === 'argmin' || step?.op.kind === 'nms';
  return isIndex || (step?.op.kind === 'topk' && step.outputs[1]?.name === name) ? 'int64' : 'float32';
}
