/** What leaves the array: codes where the model has them, else the accumulators of the last sums. */
import type { GraphTensor } from '../../frontend/graph.js';
import type { OutputTensor } from '../network.js';
import { weightSums } from '../quantize-layer.js';
import { toNumber } from '../rational.js';
import { identityPending } from './layer-base.js';
import { mapOf } from './network-parts.js';
import { countedFrom, slopeAndOffset } from './real-form.js';
import type { Coded, Pending, Value } from './values.js';
import { codesOf, unquantized, type Walk } from './walk.js';
import { wideCodes } from './wide-codes.js';

/** In the order in which layers make them. */
export function networkOutputs(walk: Walk): readonly OutputTensor[] {
  const taken = new Set([...walk.parts.inputs.values()].map(({ tensor }) => tensor));
  const outputs = walk.graph.outputs.map((output) => {
    const made = outputOf(walk, output, taken);
    taken.add(made.tensor);
    return made;
  });
  const order = walk.parts.layers.map((layer) => layer.output);
  return outputs.sort((a, b) => order.indexOf(a.tensor) - order.indexOf(b.tensor));
}

/** @param taken tensors that come in, or leave under another name already */
function outputOf(walk: Walk, { name, shape }: GraphTensor, taken: ReadonlySet<string>): OutputTensor {
  const value = walk.values.get(name)!;
  if (value.kind === 'input') throw unquantized(name);
  const settled: Value = value.kind === 'arranged' ? codesOf(walk, name, { name }) : value;
  if (settled.kind === 'coded' && settled.scales.length === 1 && !taken.has(settled.tensor)) {
    const scale = [Math.fround(toNumber(settled.scales[0]!))];
    return { name, shape, tensor: settled.tensor, form: 'codes', scale, bias: [] };
  }
  const pending = settled.kind === 'pending' ? settled : copyOf(walk, name, settled as Coded);
  return { name, shape, ...rawOutput(walk, name, pending) };
}

function rawOutput({ parts }: Walk, name: string, given: Pending): Omit<OutputTensor, 'name' | 'shape'> {
  const bounded = given.channels.some(({ bounds }) => bounds.length > 0);
  if (bounded || given.residual !== null || given.pools.length > 0 || given.curve !== null) throw unquantized(name);
  // Products have no accumulators that leave: they do as codes of their own.
  const pending = given.base.kind === 'window' ? given : wideCodes(parts, given);
  if (pending === null || pending.base.kind !== 'window') throw unquantized(name);
  const tensor = parts.unusedTensor(parts.tensors.has(name) ? `${name}.raw` : name);
  parts.leaveRaw(pending, tensor);
  const { base, input } = pending;
  // The model sums products of values around zero: so does the host, before it rounds for the first time.
  const offset = weightSums(base.weights, pending.channels.length).map((sum) => sum * input.zero);
  const lines = pending.channels.map(
    ({ form }, c) => slopeAndOffset(countedFrom(form, offset[c]!)).map(Math.fround) as [number, number],
  );
  return {
    tensor,
    form: 'accumulators',
    ...(offset.some((x) => x !== 0) ? { offset } : {}),
    scale: lines.map(([scale]) => scale),
    bias: lines.map(([, bias]) => bias),
  };
}

function copyOf({ parts }: Walk, name: string, codes: Coded): Pending {
  return identityPending({ name, output: name, sources: [] }, codes, mapOf(parts.tensors.get(codes.tensor)!));
}
