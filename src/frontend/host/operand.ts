/** The inputs of a node as the host reads them. */
import { type HostInput, hostValue } from '../import/host.js';
import { notReal, optionalConstant } from '../import/operands.js';
import { limit } from '../import/refuse.js';
import type { HostValue } from '../import/value.js';
import type { ImportCall } from '../operators/operator.js';

/** A computed tensor; the array's leaves it here. @throws SystoleError operator-limit for a constant or codes */
export function computedInput(call: ImportCall, index: number): HostValue {
  const input = hostInput(call, index);
  if (input.kind === 'host') return input;
  throw limit(call, `input ${index} must be computed from the model's input`, {
    actual: `the constant ${call.node.inputs[index]}`,
  });
}

export function hostInput(call: ImportCall, index: number): HostInput {
  const value = call.inputs[index];
  if ((value?.kind === 'map' || value?.kind === 'host') && value.grid !== undefined) throw notReal(call, index);
  if (value?.kind === 'host') return value;
  if (value?.kind === 'map') return hostValue(call.state, value, call.node.name);
  const constant = optionalConstant(call, index, `input ${index}`);
  if (constant === null) throw limit(call, `input ${index} is missing`);
  return { kind: 'constant', shape: constant.shape, data: Float32Array.from(constant.data) };
}

/** The whole numbers of a constant; null where it is left out. */
export function wholeNumbers(call: ImportCall, index: number, what: string): number[] | null {
  const constant = optionalConstant(call, index, what);
  return constant === null ? null : [...constant.data];
}

/** One number of a constant. */
export function oneNumber(call: ImportCall, index: number, what: string, otherwise: number): number {
  const numbers = wholeNumbers(call, index, what);
  if (numbers === null) return otherwise;
  if (numbers.length === 1) return numbers[0]!;
  throw limit(call, `${what} must be one number`, { actual: `${numbers.length}` });
}
